"""The console command, `mirror`: one file per subcommand."""
