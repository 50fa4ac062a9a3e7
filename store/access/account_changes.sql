-- name: insert_account_change(actor, action, account, detail)
INSERT INTO account_changes (actor, action, account, detail) VALUES (:actor, :action, :account, :detail)


-- name: recent_account_changes(limit)
SELECT at, actor, action, account, detail FROM account_changes ORDER BY id DESC LIMIT :limit
