"""Calls AWS services for the local cloud: each input line is a call, each output line an answer."""

import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

CONFIG = Config(max_pool_connections=64, retries={"total_max_attempts": 1})
clients, lock = {}, threading.Lock()


def client(service):
    with lock:
        if service not in clients:
            clients[service] = boto3.client(service, config=CONFIG)
        return clients[service]


def answer(call):
    operation, parameters = xform_name(call["operation"]), call["parameters"]
    try:
        service = client(call["service"])
        if service.can_paginate(operation):
            return {"result": service.get_paginator(operation).paginate(**parameters).build_full_result()}
        result = getattr(service, operation)(**parameters)
        result.pop("ResponseMetadata", None)
        return {"result": result}
    except ClientError as error:
        return {"refused": {"Code": "Error", "Message": "", **error.response["Error"]}}
    except (BotoCoreError, AttributeError) as error:
        return {"failed": f"{type(error).__name__}: {error}"}


def serve(line):
    call = json.loads(line)
    text = json.dumps({"id": call["id"], **answer(call)}, default=str)
    with lock:
        print(text, flush=True)


with ThreadPoolExecutor(64) as pool:
    for line in sys.stdin:
        pool.submit(serve, line)
    # The caller has closed the input, so no one reads the pending answers.
    os._exit(0)
