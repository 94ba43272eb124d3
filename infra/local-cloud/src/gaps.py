"""Prints the gaps of the emulator, named after the `supply_…` functions in emulator.py."""

import io
import json
import os
import time
import zipfile

import boto3

DONE = ("COMPLETE", "FAILED")


def deploy(name, resources):
    """Deploys a stack. Returns its final status."""
    cloudformation = boto3.client("cloudformation")
    body = json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})
    cloudformation.create_stack(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_AUTO_EXPAND"])
    deadline = time.monotonic() + 30
    while True:
        status = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        if status.endswith(DONE) and not status.startswith("ROLLBACK_IN"):
            return status
        assert time.monotonic() < deadline, f"{name} is still {status}"


def nested_sam():
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="templates")
    child = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {"Table": {"Type": "AWS::Serverless::SimpleTable"}},
    }
    s3.put_object(Bucket="templates", Key="child.json", Body=json.dumps(child))
    url = "https://s3.amazonaws.com/templates/child.json"
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}
    return deploy("nested", {"Nested": nested}) != "CREATE_COMPLETE"


def http_api_body():
    uri = "arn:aws:lambda:us-east-1:000000000000:function:f"
    integration = {"type": "aws_proxy", "uri": uri, "payloadFormatVersion": "2.0"}
    operation = {"security": [{"NONE": []}], "x-amazon-apigateway-integration": integration}
    body = {"openapi": "3.0.1", "info": {"title": "x", "version": "1"}, "paths": {"/x": {"get": operation}}}
    assert deploy("api", {"Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": body}}}) == "CREATE_COMPLETE"
    resource = boto3.client("cloudformation").describe_stack_resource(StackName="api", LogicalResourceId="Api")
    api = resource["StackResourceDetail"]["PhysicalResourceId"]
    routes = boto3.client("apigatewayv2").get_routes(ApiId=api)["Items"]
    return [route["RouteKey"] for route in routes] != ["GET /x"]


def batches_of_messages():
    iam, sqs = boto3.client("iam"), boto3.client("sqs")
    url = sqs.create_queue(QueueName="queue")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    iam.create_user(UserName="sender")
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="sender", PolicyName="send", PolicyDocument=policy)
    key = iam.create_access_key(UserName="sender")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    sender = boto3.client("sqs", **keys)
    sender.send_message(QueueUrl=url, MessageBody="one")
    try:
        sender.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "one of a batch"}])
    except sender.exceptions.ClientError as error:
        return error.response["Error"]["Code"].startswith("AccessDenied")
    return False


def names_of_log_streams():
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as file:
        file.writestr("index.py", "def handler(event, context):\n    print('hello')\n")
    role = boto3.client("iam").create_role(RoleName="role", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    logs, functions = boto3.client("logs"), boto3.client("lambda")
    logs.create_log_group(logGroupName="shared")
    functions.create_function(
        FunctionName="writer",
        Runtime="python3.12",
        Handler="index.handler",
        Role=role,
        Code={"ZipFile": code.getvalue()},
        LoggingConfig={"LogGroup": "shared"},
    )
    functions.invoke(FunctionName="writer")
    deadline = time.monotonic() + 30
    while not (streams := logs.describe_log_streams(logGroupName="shared")["logStreams"]):
        assert time.monotonic() < deadline, "the function wrote no logs"
    return "writer" not in streams[0]["logStreamName"]


gaps = (nested_sam, http_api_body, batches_of_messages, names_of_log_streams)
print(json.dumps([gap.__name__ for gap in gaps if gap()]))
