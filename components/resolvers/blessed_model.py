"""Resolver nodes for the model to compare a candidate with and the model to start a training from."""

from tfx.dsl.components.common.resolver import Resolver
from tfx.types import BaseChannel, Channel
from tfx.types.standard_artifacts import Model, PushedModel

from components.resolvers.blessed_model_strategy import BlessedModelStrategy


def create_blessed_model_resolver(candidate: BaseChannel) -> Resolver:
    """Creates a resolver whose output `model` is the served model of this pipeline, or nothing.

    Args:
        candidate: `Model`, the Trainer's output, which is never resolved.
    """
    return _resolver(candidate=candidate).with_id("BlessedModelResolver")


def create_warm_start_model_resolver() -> Resolver:
    """Creates the same resolver without a candidate, for the model whose weights the Trainer starts from."""
    return _resolver().with_id("WarmStartModelResolver")


def _resolver(**candidate: BaseChannel) -> Resolver:
    return Resolver(
        strategy_class=BlessedModelStrategy,
        model=Channel(type=Model),
        pushed_model=Channel(type=PushedModel),
        **candidate,
    )
