"""Long files first, so that no worker waits for the other's last file."""

import pytest


def pytest_configure(config):
    # pytest-xdist would take files with many tests first; the longest here have one or two.
    if config.pluginmanager.hasplugin("xdist"):
        config.option.loadscopereorder = False


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)
