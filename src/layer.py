#!/usr/bin/env python3
"""Makes the include folder of one layer: links to the folders it may use.

usage: layer.py INCLUDE_DIR SOURCE_DIR FOLDER...
"""
import os
import pathlib
import shutil
import sys

include, source, *folders = sys.argv[1:]
shutil.rmtree(include, ignore_errors=True)
pathlib.Path(include).mkdir(parents=True)
for folder in folders:
    os.symlink(os.path.join(source, folder), os.path.join(include, folder))
