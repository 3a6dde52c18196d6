"""An example of each command, which its `--help` shows."""

EXAMPLES = {
    "init": "opfixtures init --dry-run",
    "check": "opfixtures check --from-ref origin/main --to-ref HEAD",
    "status": "opfixtures status --verbose",
    "explain": "opfixtures explain OPF201",
    "new": "opfixtures new mylib::scale --no-samples",
    "generate": "opfixtures generate --operator mylib::scale --dry-run",
    "verify": "opfixtures verify --changed",
    "sweep": "opfixtures sweep --old torch-1.11.0 --new torch-2.13.0",
    "publish": "opfixtures publish result.zip --head me:fix --head-sha 1a2b3c",
    "renumber": "opfixtures renumber --operator mylib::scale",
    "cache": "opfixtures cache clean --unused-for 30",
    "config": "opfixtures config --format json",
    "completion": 'eval "$(opfixtures completion bash)"',
    "install-hooks": "opfixtures install-hooks --uninstall",
    "hook": "opfixtures hook pre-commit",
    "action": "opfixtures action",
}
