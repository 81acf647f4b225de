"""Uploads a file and a directory as a user's script does, and says where they went.

Words: endpoint, file, directory, prefix of the directory.
"""

import pathlib
import sys

import flyte
from flyte.remote import upload_dir, upload_file

endpoint, file, directory, prefix = sys.argv[1:]
flyte.init(endpoint=endpoint, insecure=True, project="flytesnacks", domain="development")
digest, address = upload_file(pathlib.Path(file))
print("File:", digest, address)
print("Directory:", upload_dir(pathlib.Path(directory), prefix=prefix))
