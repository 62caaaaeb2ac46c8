"""Exports a pushed model as an ONNX model, for onnxruntime on any machine and in browsers, and measures its loss."""
