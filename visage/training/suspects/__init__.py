"""Finds labels of the training split that look wrong, by networks that have not learned from them."""
