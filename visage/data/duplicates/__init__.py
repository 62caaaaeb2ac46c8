"""Finds copies and near duplicates of images, and decides which record is kept."""
