"""Runs a compiled Kubeflow pipeline by kfp.local; called as a script with the Python of `requirements/kfp-local.txt`.

Its standard input is JSON: `file` (YAML), `root` (folder of the outputs), `arguments`, and either `docker` (arguments
of `docker run`, without the image) or `visage` (the words that replace `visage`, run on this machine without Docker).
Its last line is JSON: `outputs` of the pipeline, or `error`.
"""

import json
import os
import subprocess
import sys
from typing import Any

from kfp import components, local
from kfp.local import config, docker_task_handler, status


def run_and_keep(client: Any, image: str, command: list[str], volumes: dict[str, Any], **arguments: Any) -> int:
    """Returns the exit code of a container.

    kfp.local's own function removes containers as they end and takes one that is gone for a success.
    """
    container = client.containers.create(image=image, command=command, volumes=volumes, **arguments)
    try:
        container.start()
        for line in container.logs(stream=True, follow=True):
            print(line.decode(errors="replace"), end="", flush=True)
        return container.wait()["StatusCode"]
    finally:
        container.remove(force=True)


def main() -> None:
    """Runs the pipeline."""
    call = json.load(sys.stdin)
    docker_task_handler.run_docker_container = run_and_keep
    if "visage" in call:

        def run(handler: Any) -> status.Status:
            environment = {**os.environ, **handler.env_vars}
            ended = subprocess.run([*call["visage"], *handler.full_command[1:]], env=environment)
            return status.Status.FAILURE if ended.returncode else status.Status.SUCCESS

        docker_task_handler.DockerTaskHandler.run = run
    arguments = dict(call.get("docker", {}))
    if mounts := arguments.pop("mounts", []):
        from docker.types import Mount

        arguments["mounts"] = [Mount(folder, folder, type="bind") for folder in mounts]
    local.init(runner=local.DockerRunner(**arguments), pipeline_root=call["root"])
    assert config.LocalExecutionConfig.instance is not None
    pipeline = components.load_component_from_file(call["file"])
    try:
        outputs = pipeline(**call.get("arguments", {})).outputs
        result: dict[str, Any] = {"outputs": {name: value for name, value in outputs.items() if isinstance(value, str)}}
    except RuntimeError as error:
        result = {"error": str(error)}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
