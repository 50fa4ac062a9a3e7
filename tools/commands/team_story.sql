-- A script of several statements takes no parameters: team_times.sql reads the story from this setting.
SELECT set_config('demo.story', $1, true);
