"""ovmsclient (OpenVINO's client of TensorFlow Serving's API) asks for status, metadata and a prediction.

    python client.py HOST REST_PORT GRPC_PORT VERSION PHOTO.jpg

Without a version it asks for version 0, which is the newest to OpenVINO's server only.
"""

import sys
from pathlib import Path

import ovmsclient


def main(host: str, rest_port: str, grpc_port: str, version: str, photo: str) -> None:
    """Prints what each protocol answers."""
    jpeg = Path(photo).read_bytes()
    model = {"model_name": "visage", "model_version": int(version)}
    for protocol, client in (
        ("grpc", ovmsclient.make_grpc_client(f"{host}:{grpc_port}")),
        ("http", ovmsclient.make_http_client(f"{host}:{rest_port}")),
    ):
        status = client.get_model_status(**model)
        metadata = client.get_model_metadata(**model)
        outputs = client.predict({"image_bytes": [jpeg]}, **model)
        print(protocol, "status", status)
        # Over HTTP it hands on the server's JSON.
        print(protocol, "metadata", metadata.get("model_version", metadata.get("model_spec")))
        print(protocol, "predict", {name: _shown(value) for name, value in outputs.items()})
        try:
            client.predict({"image_bytes": [b"hello"]}, **model)
        except Exception as error:
            print(protocol, "no image:", type(error).__name__, str(error).splitlines()[0])


def _shown(value: object) -> object:
    values = getattr(value, "tolist", lambda: value)()
    return values if len(str(values)) < 50 else f"{str(values)[:40]}..."


if __name__ == "__main__":
    main(*sys.argv[1:])
