"""Disseminate: show people what came out."""
