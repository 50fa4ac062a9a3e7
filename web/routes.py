"""The routes of the desk, and the role that each needs."""

from starlette.routing import Route

from web.access import Guard
from web.desk.account import AccountPages
from web.desk.agenda import Agenda
from web.desk.board import Board
from web.desk.bulk import BulkActions
from web.desk.chat_pages import ChatPages
from web.desk.crm import CrmPages
from web.desk.desk import Desk
from web.desk.knowledge import KnowledgePages
from web.desk.lead_extras import LeadExtras
from web.desk.lead_import import ImportPages
from web.desk.lead_writes import LeadWrites
from web.desk.leads_csv import LeadsCsv
from web.desk.login import BACK, Login, ours
from web.desk.media import MediaPages
from web.desk.menus import Menus
from web.desk.overview import OverviewPage
from web.desk.panel import Panel
from web.desk.quick_search import QuickSearch
from web.desk.rules import RulePages
from web.desk.steps import StepPages
from web.desk.tabs import Tabs
from web.desk.tickets import TicketPages
from web.desk.users import KeyPages, UserPages
from web.desk.work import Work
from web.ops.hooks import HookPages
from web.ops.letters import LetterPages
from web.ops.ops import Ops
from web.ops.trace import Trace


def list_routes(guard: Guard, desk: Desk, tabs: Tabs, file: LeadsCsv) -> list[Route]:
    return [
        guard.get("/", desk.list),
        guard.get("/leads/rows", desk.rows),
        guard.get("/leads/bar", tabs.bar),
        guard.get("/leads/choices", tabs.choices),
        guard.get("/leads.csv", file.show, role="sales"),
    ]


def desk_routes(guard: Guard, panel: Panel, writes: LeadWrites, chat: ChatPages, media: MediaPages) -> list[Route]:
    return [
        guard.get("/media/{id:path}", media.show),
        guard.get("/leads/{id:uuid}", panel.show),
        guard.get("/leads/{id:uuid}/find", chat.find),
        guard.get("/leads/{id:uuid}/belongings", chat.belongings),
        guard.post("/leads/{id:uuid}/unread", writes.unread, role="viewer"),
        guard.post("/leads/{id:uuid}/field", writes.field),
        guard.post("/leads/{id:uuid}/let-go", writes.let_go),
        guard.post("/leads/{id:uuid}/status", writes.move),
        guard.post("/leads/{id:uuid}/notes", writes.note),
        guard.post("/leads/{id:uuid}/delete", writes.delete),
        guard.post("/leads/{id:uuid}/restore", writes.restore),
        guard.post("/leads/{id:uuid}/suggestions/{suggestion:row}/{answer:str}", writes.answer),
    ]


def work_routes(guard: Guard, work: Work, many: BulkActions, menus: Menus) -> list[Route]:
    return [
        guard.post("/leads/{id:uuid}/snooze", work.snooze),
        guard.post("/leads/{id:uuid}/tags", work.tags),
        guard.post("/leads/many", many.act),
        guard.post("/views", menus.save, role="viewer"),
        guard.post("/views/{id:row}/delete", menus.delete, role="viewer"),
    ]


def login_routes(login: Login) -> list[Route]:
    """The only pages that need no session."""
    return [
        Route("/login", login.show, methods=["GET"]),
        Route("/login", ours(login.sign_in), methods=["POST"]),
        Route("/login/code", login.ask_code, methods=["GET"]),
        Route("/login/code", ours(login.take_code), methods=["POST"]),
        Route("/login/sso", login.depart, methods=["GET"]),
        Route(BACK, login.arrive, methods=["GET"]),
        Route("/invitation/{token}", login.invited, methods=["GET"]),
        Route("/invitation/{token}", ours(login.accept), methods=["POST"]),
        Route("/logout", ours(login.sign_out), methods=["POST"]),
    ]


def account_routes(guard: Guard, account: AccountPages) -> list[Route]:
    return [
        guard.get("/account", account.show),
        guard.post("/account/password", account.password, role="viewer"),
        guard.post("/account/second-factor", account.second_factor, role="viewer"),
        guard.post("/account/sign-out", account.sign_out, role="viewer"),
    ]


def team_routes(guard: Guard, users: UserPages, keys: KeyPages, rules: RulePages, files: ImportPages) -> list[Route]:
    return [
        guard.get("/import", files.show, role="admin"),
        guard.post("/import", files.take, role="admin"),
        guard.post("/import/{id:row}/undo", files.undo, role="admin"),
        guard.get("/users", users.show, role="admin"),
        guard.post("/users", users.invite, role="admin"),
        guard.post("/users/{name}/{action}", users.act, role="admin"),
        guard.get("/keys", keys.show, role="admin"),
        guard.post("/keys", keys.add, role="admin"),
        guard.post("/keys/{id}/revoke", keys.revoke, role="admin"),
        guard.get("/owners", rules.show, role="admin"),
        guard.post("/owners", rules.add, role="admin"),
        guard.post("/owners/{id:row}/delete", rules.delete, role="admin"),
    ]


def overview_routes(
    guard: Guard, find: QuickSearch, board: Board, agenda: Agenda, overview: OverviewPage
) -> list[Route]:
    return [
        guard.get("/search", find.everywhere),
        guard.get("/board", board.show),
        guard.get("/tasks", agenda.show),
        guard.get("/overview", overview.show),
        guard.get("/overview/{part}.csv", overview.csv),
    ]


def beside_routes(guard: Guard, beside: LeadExtras) -> list[Route]:
    return [
        guard.post("/leads/{id:uuid}/steps/{step:row}/{verdict:str}", beside.decide),
        guard.post("/leads/{id:uuid}/tickets", beside.open_ticket),
        guard.post("/leads/{id:uuid}/people", beside.add_person),
        guard.post("/leads/{id:uuid}/people/{contact:uuid}/remove", beside.remove_person),
    ]


def crm_routes(guard: Guard, crm: CrmPages, steps: StepPages, tickets: TicketPages) -> list[Route]:
    return [
        guard.get("/customers", crm.customers),
        guard.get("/handoffs", crm.handoffs),
        guard.get("/suggestions", steps.list),
        guard.post("/suggestions/{id:row}/{verdict:str}", steps.decide),
        guard.get("/tickets", tickets.list),
        guard.post("/tickets/{id:row}", tickets.set),
        guard.get("/deleted", crm.deleted),
    ]


def knowledge_routes(guard: Guard, knowledge: KnowledgePages) -> list[Route]:
    return [
        guard.get("/knowledge", knowledge.show),
        guard.get("/knowledge/{id:row}", knowledge.article),
    ]


def ops_routes(guard: Guard, ops: Ops, letters: LetterPages, trace: Trace, hooks: HookPages) -> list[Route]:
    return [
        guard.get("/ops/hooks", hooks.show, role="admin"),
        guard.post("/ops/hooks", hooks.add, role="admin"),
        guard.post("/ops/hooks/{name}/{action}", hooks.act, role="admin"),
        guard.get("/ops", ops.overview, role="operator"),
        guard.get("/ops/status", ops.status, role="operator"),
        guard.get("/ops/lag.json", ops.lag, role="operator"),
        guard.post("/ops/sessions/{pid:row}/end", ops.end_session, role="operator"),
        guard.get("/ops/reconcile", ops.reconcile, role="operator"),
        guard.get("/ops/access", ops.access, role="operator"),
        guard.get("/ops/trace", trace.show, role="operator"),
        guard.get("/ops/letters", letters.groups, role="operator"),
        guard.get("/ops/letters/{fingerprint}", letters.group, role="operator"),
        guard.get("/ops/letters/{fingerprint}/export", letters.export, role="operator"),
        guard.post("/ops/letters/{fingerprint}/replay", letters.replay, role="operator"),
        guard.post("/ops/letters/{fingerprint}/discard", letters.discard, role="operator"),
        guard.get("/ops/replays", letters.replays, role="operator"),
        guard.get("/ops/replays/{id:row}", letters.one_replay, role="operator"),
        guard.post("/ops/replays/{id:row}/cancel", letters.cancel, role="operator"),
    ]
