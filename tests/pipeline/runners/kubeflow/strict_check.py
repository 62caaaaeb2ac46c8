"""Parses a compiled Kubeflow pipeline strictly; a script for the Python of `requirements/kfp-local.txt`.

Its argument is the YAML file. It fails for a field that the messages PipelineSpec, PipelineDeploymentConfig,
PlatformSpec or KubernetesExecutorConfig do not have.
"""

import sys
from pathlib import Path

import yaml
from google.protobuf import json_format
from kfp.kubernetes import kubernetes_executor_config_pb2
from kfp.pipeline_spec import pipeline_spec_pb2

pipeline, platform = yaml.safe_load_all(Path(sys.argv[1]).read_text(encoding="utf-8"))
strict = {"ignore_unknown_fields": False}
specification = json_format.ParseDict(pipeline, pipeline_spec_pb2.PipelineSpec(), **strict)
# The specification holds these two as structures of any shape.
json_format.ParseDict(pipeline["deploymentSpec"], pipeline_spec_pb2.PipelineDeploymentConfig(), **strict)
json_format.ParseDict(platform, pipeline_spec_pb2.PlatformSpec(), **strict)
executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
for config in executors.values():
    json_format.ParseDict(config, kubernetes_executor_config_pb2.KubernetesExecutorConfig(), **strict)
assert executors.keys() == pipeline["deploymentSpec"]["executors"].keys()
print(specification.pipeline_info.name)
