"""The nodes that find the model to compare a candidate with, and the one to start a training from."""

from tfx.dsl.components.common.resolver import Resolver
from tfx.types import BaseChannel, Channel
from tfx.types.standard_artifacts import Model, PushedModel

from components.resolvers.blessed_model_strategy import BlessedModelStrategy


def create_latest_blessed_model(candidate: BaseChannel) -> Resolver:
    """A resolver whose output `model` is the latest blessed and pushed model of this pipeline, or nothing.

    Args:
        candidate: `Model`, the Trainer's output; it is never the answer.
    """
    return _resolver(candidate=candidate).with_id("BlessedModelResolver")


def create_warm_start_model() -> Resolver:
    """The same before there is a candidate: the model whose weights the Trainer starts from."""
    return _resolver().with_id("WarmStartModelResolver")


def _resolver(**candidate: BaseChannel) -> Resolver:
    return Resolver(
        strategy_class=BlessedModelStrategy,
        model=Channel(type=Model),
        pushed_model=Channel(type=PushedModel),
        **candidate,
    )
