"""Patches the emulated AWS and runs it until standard input closes.

The parent process holds the other end of standard input, so even a `kill -9` of the parent closes it. The whole process
group then exits: first the functions, so that this process can reap them, then the emulator.

Each `supply_…` function fills one gap of the emulator. A test in emulator.rs fails when a gap no longer exists.
"""

import os
import signal
import sys
import threading
import time


def watch():
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGHUP)
    deadline = time.monotonic() + 1
    try:
        while time.monotonic() < deadline:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.01)
    except ChildProcessError:
        pass
    os.killpg(0, signal.SIGKILL)


def supply_nested_sam():
    """Transforms nested SAM templates. They look up `_parse_template` at run time, so replacing it is enough."""
    from ministack.services.cloudformation import engine

    parse = engine._parse_template

    def parse_and_transform(body):
        template = engine._apply_transforms(parse(body))
        if isinstance(template, engine._TransformFailed):
            raise ValueError(str(template))
        return template

    engine._parse_template = parse_and_transform


def supply_http_api_body():
    """Creates routes, integrations and JWT authorizers from an HTTP API's OpenAPI body."""
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS
    kind = "AWS::ApiGatewayV2::"
    create_api = handlers[kind + "Api"]["create"]

    def create(name, properties, stack):
        body = properties.get("Body") or {}
        if "x-amazon-apigateway-cors" in body:
            cors = {key[0].upper() + key[1:]: value for key, value in body["x-amazon-apigateway-cors"].items()}
            properties = {**properties, "CorsConfiguration": cors}
        api, attributes = create_api(name, properties, stack)

        def create_part(part, **properties):
            return handlers[kind + part]["create"](name, {"ApiId": api, **properties}, stack)[0]

        authorizers = {}
        for scheme, found in (body.get("components", {}).get("securitySchemes") or {}).items():
            jwt = found["x-amazon-apigateway-authorizer"]
            authorizers[scheme] = create_part(
                "Authorizer",
                Name=scheme,
                AuthorizerType="JWT",
                IdentitySource=[jwt["identitySource"]],
                JwtConfiguration={
                    "Issuer": jwt["jwtConfiguration"]["issuer"],
                    "Audience": jwt["jwtConfiguration"]["audience"],
                },
            )
        for path, methods in (body.get("paths") or {}).items():
            for method, operation in methods.items():
                found = operation["x-amazon-apigateway-integration"]
                integration = create_part(
                    "Integration",
                    IntegrationType="AWS_PROXY",
                    IntegrationUri=found["uri"],
                    PayloadFormatVersion=found["payloadFormatVersion"],
                )
                scheme = next(iter(operation["security"][0]))
                auth = {"AuthorizationType": "JWT", "AuthorizerId": authorizers[scheme]} if scheme != "NONE" else {}
                create_part("Route", RouteKey=f"{method.upper()} {path}", Target=f"integrations/{integration}", **auth)
        return api, attributes

    handlers[kind + "Api"]["create"] = create


def supply_batches_of_messages():
    """Lets `sqs:SendMessage` allow batches (SQS API reference, SendMessageBatch)."""
    from ministack.core import iam_actions

    extract = iam_actions.extract_iam_action

    def action_of_request(*request, **named):
        action = extract(*request, **named)
        return "sqs:SendMessage" if action == "sqs:SendMessageBatch" else action

    iam_actions.extract_iam_action = action_of_request


def supply_names_of_log_streams():
    """Adds the function's name to the streams of a shared log group."""
    from ministack.services import cloudwatch_logs, lambda_svc

    emit, lock = lambda_svc._emit_lambda_logs, threading.Lock()

    def emit_to_named_stream(function, *arguments, **named):
        config = function.get("config") or function
        with lock:
            emit(function, *arguments, **named)
            group = (config.get("LoggingConfig") or {}).get("LogGroup")
            streams = cloudwatch_logs._log_groups[group]["streams"] if group in cloudwatch_logs._log_groups else {}
            for stream in [stream for stream in streams if "/[" in stream]:
                streams[stream.replace("/[", f"/{config['FunctionName']}[", 1)] = streams.pop(stream)

    lambda_svc._emit_lambda_logs = emit_to_named_stream


def look_for_due_schedules_every_second():
    """Looks every second instead of every ten."""
    from ministack.services import scheduler

    scheduler._SCHEDULE_TICK_INTERVAL = 1


signal.signal(signal.SIGHUP, lambda *_: None)
threading.Thread(target=watch, daemon=True).start()
if sys.argv[1:] != ["--plain"]:
    supply_nested_sam()
    supply_http_api_body()
    supply_batches_of_messages()
    supply_names_of_log_streams()
    look_for_due_schedules_every_second()
sys.argv = ["ministack"]
from ministack.app import main

main()
