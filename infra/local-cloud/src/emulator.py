"""Runs the emulated AWS until the standard input closes, with what it still lacks.

We hold the other end of the input, so even a `kill -9` of ours closes it, and the whole process group goes: first the
functions, which their parent must collect while it still can, then the emulator itself.

Each `supply_…` below fills one gap of the emulator. A test of emulator.rs says when a gap is gone.
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
    """A nested stack's template may be a SAM template. The code of nested stacks looks `_parse_template` up late."""
    from ministack.services.cloudformation import engine

    parse = engine._parse_template

    def parse_and_transform(body):
        template = engine._apply_transforms(parse(body))
        if isinstance(template, engine._TransformFailed):
            raise ValueError(str(template))
        return template

    engine._parse_template = parse_and_transform


def supply_http_api_body():
    """An HTTP API's OpenAPI body becomes its routes, integrations and JWT authorizers."""
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

        def make(what, **properties):
            return handlers[kind + what]["create"](name, {"ApiId": api, **properties}, stack)[0]

        authorizers = {}
        for scheme, found in (body.get("components", {}).get("securitySchemes") or {}).items():
            jwt = found["x-amazon-apigateway-authorizer"]
            authorizers[scheme] = make(
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
                integration = make(
                    "Integration",
                    IntegrationType="AWS_PROXY",
                    IntegrationUri=found["uri"],
                    PayloadFormatVersion=found["payloadFormatVersion"],
                )
                scheme = next(iter(operation["security"][0]))
                guard = {"AuthorizationType": "JWT", "AuthorizerId": authorizers[scheme]} if scheme != "NONE" else {}
                make("Route", RouteKey=f"{method.upper()} {path}", Target=f"integrations/{integration}", **guard)
        return api, attributes

    handlers[kind + "Api"]["create"] = create


def supply_batches_of_messages():
    """sqs:SendMessage allows batches too (SQS API reference, SendMessageBatch)."""
    from ministack.core import iam_actions

    extract = iam_actions.extract_iam_action

    def of_one_message(*request, **named):
        action = extract(*request, **named)
        return "sqs:SendMessage" if action == "sqs:SendMessageBatch" else action

    iam_actions.extract_iam_action = of_one_message


def supply_names_of_log_streams():
    """The streams of a log group that functions share bear the function's name."""
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


signal.signal(signal.SIGHUP, lambda *_: None)
threading.Thread(target=watch, daemon=True).start()
if sys.argv[1:] != ["--plain"]:
    supply_nested_sam()
    supply_http_api_body()
    supply_batches_of_messages()
    supply_names_of_log_streams()
sys.argv = ["ministack"]
from ministack.app import main

main()
