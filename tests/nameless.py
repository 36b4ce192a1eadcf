"""Workers that come and go: one with a name that has stopped keeps its partitions for 45 s."""

from dataclasses import replace

from deploy.local.programs import Launch, Program


def nameless(program: Program) -> Program:
    """Without a stable name it is missed after 10 seconds instead of 45."""

    def launch() -> Launch:
        named = program.launch()
        return replace(named, environment={**named.environment, "WORKER_ID": ""})

    return replace(program, launch=launch)
