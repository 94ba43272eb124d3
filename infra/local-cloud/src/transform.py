"""Applies SAM's transform to templates: `transform.py FOLDER TEMPLATE…`. Prints the number of resources of each."""

import json
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform


class ManagedPolicies:
    """Resolves the ARN of a managed policy without calling AWS."""

    def load(self):
        return type("Arns", (dict,), {"__missing__": lambda _, name: f"arn:aws:iam::aws:policy/{name}"})()


folder, *templates = sys.argv[1:]
for path in templates:
    with open(path) as file:
        template = yaml_parse(file.read())
    for resource in template["Resources"].values():
        # The transform accepts S3 URIs only.
        for name in ("CodeUri", "Location"):
            if name in resource.get("Properties", {}):
                resource["Properties"][name] = "s3://bucket/" + os.path.basename(resource["Properties"][name])
    processed = transform(template, {}, ManagedPolicies())
    with open(os.path.join(folder, path.replace("/", "-").replace(".yaml", ".json")), "w") as file:
        json.dump(processed, file, indent=1)
    print(len(processed["Resources"]), path)
