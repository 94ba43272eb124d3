//! Carries the HTTP API's routes over, which the emulator leaves out.
//!
//! SAM writes routes, integrations and authorizers of an `AWS::Serverless::HttpApi` into an
//! OpenAPI body. AWS imports that body, the emulator does not (yet): so it is read here from the
//! processed template and created call by call. The day the routes are there already, nothing is.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use crate::aws::Account;
use crate::cloudformation::{Deployed, processed_template};

const API: &str = "AWS::ApiGatewayV2::Api";

/// What was to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Carried(usize),
    ThereAlready(usize),
}

/// Creates the routes that the stack's API should have.
pub(crate) fn carry_over(account: &Account, deployed: &Deployed, stack: &str) -> Result<Outcome> {
    let (logical, id) = deployed.only(API)?;
    let gateway = account.service("apigateway");
    let api = format!("/v2/apis/{id}");
    let there = gateway.rest("GET", &format!("{api}/routes"), None)?;
    let there = there["items"].as_array().map_or(0, Vec::len);
    if there > 0 {
        return Ok(Outcome::ThereAlready(there));
    }

    let template = processed_template(account, stack)?;
    let body = &template["Resources"][logical]["Properties"]["Body"];
    let plan = Plan::read(body, &Values::of(deployed)?)?;
    let create = |what: &str, body: &Value, id: &str| -> Result<String> {
        let made = gateway.rest("POST", &format!("{api}/{what}"), Some(body))?;
        made[id]
            .as_str()
            .map(str::to_owned)
            .with_context(|| format!("no {id} in {made}"))
    };

    if let Some(cors) = plan.cors {
        gateway.rest("PATCH", &api, Some(&json!({ "corsConfiguration": cors })))?;
    }
    let mut authorizers = BTreeMap::new();
    for (name, jwt) in plan.authorizers {
        let body = json!({
            "name": name,
            "authorizerType": "JWT",
            "identitySource": [jwt.identity_source],
            "jwtConfiguration": { "issuer": jwt.issuer, "audience": jwt.audience },
        });
        authorizers.insert(name, create("authorizers", &body, "authorizerId")?);
    }
    let mut integrations = BTreeMap::new();
    for route in &plan.routes {
        if !integrations.contains_key(&route.function) {
            let body = json!({
                "integrationType": "AWS_PROXY",
                "integrationMethod": "POST",
                "integrationUri": route.function,
                "payloadFormatVersion": route.payload,
            });
            integrations.insert(&route.function, create("integrations", &body, "integrationId")?);
        }
        let mut body = json!({
            "routeKey": route.key,
            "target": format!("integrations/{}", integrations[&route.function]),
            "authorizationType": "NONE",
        });
        if let Some(name) = &route.authorizer {
            body["authorizationType"] = "JWT".into();
            body["authorizerId"] = authorizers
                .get(name)
                .with_context(|| format!("no authorizer {name}"))?
                .clone()
                .into();
        }
        create("routes", &body, "routeId")?;
    }
    Ok(Outcome::Carried(plan.routes.len()))
}

/// What an OpenAPI body asks of API Gateway.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    cors: Option<Value>,
    authorizers: BTreeMap<String, Jwt>,
    routes: Vec<Route>,
}

#[derive(Debug, PartialEq, Eq)]
struct Jwt {
    identity_source: String,
    issuer: String,
    audience: Value,
}

#[derive(Debug, PartialEq, Eq)]
struct Route {
    /// `POST /orders`
    key: String,
    /// The integration's address, with the function's ARN in it.
    function: String,
    payload: String,
    /// None: open to all.
    authorizer: Option<String>,
}

impl Plan {
    fn read(body: &Value, values: &Values) -> Result<Self> {
        let mut authorizers = BTreeMap::new();
        for (name, scheme) in entries(&body["components"]["securitySchemes"]) {
            let authorizer = &scheme["x-amazon-apigateway-authorizer"];
            if authorizer["type"] != "jwt" {
                bail!("authorizer {name} is no JWT authorizer: teach infra/local-cloud/src/routes.rs its kind");
            }
            let jwt = &authorizer["jwtConfiguration"];
            let read = Jwt {
                identity_source: values.text(&authorizer["identitySource"])?,
                issuer: values.text(&jwt["issuer"])?,
                audience: values.value(&jwt["audience"])?,
            };
            authorizers.insert(name.clone(), read);
        }
        let mut routes = Vec::new();
        for (path, methods) in entries(&body["paths"]) {
            for (method, operation) in entries(methods) {
                let integration = &operation["x-amazon-apigateway-integration"];
                if integration.is_null() {
                    continue;
                }
                let method = match method.as_str() {
                    "x-amazon-apigateway-any-method" => "ANY".to_owned(),
                    method => method.to_ascii_uppercase(),
                };
                let key = if path == "/$default" {
                    "$default".to_owned()
                } else {
                    format!("{method} {path}")
                };
                let required = operation["security"][0].as_object().and_then(|all| all.keys().next());
                routes.push(Route {
                    function: values
                        .text(&integration["uri"])
                        .with_context(|| format!("route {key}"))?,
                    payload: values.text(&integration["payloadFormatVersion"])?,
                    authorizer: required.filter(|name| *name != "NONE").cloned(),
                    key,
                });
            }
        }
        if routes.is_empty() {
            bail!("template.yaml gives the HTTP API no routes (functions need `HttpApi` events)");
        }
        let cors = &body["x-amazon-apigateway-cors"];
        let cors = if cors.is_null() {
            None
        } else {
            Some(values.value(cors)?)
        };
        Ok(Self {
            cors,
            authorizers,
            routes,
        })
    }
}

/// Gives intrinsic functions their values in the deployed stack.
struct Values {
    names: BTreeMap<String, String>,
}

impl Values {
    fn of(deployed: &Deployed) -> Result<Self> {
        let arn: Vec<&str> = deployed.arn.split(':').collect();
        let [_, partition, _, region, account, ..] = arn[..] else {
            bail!("{} is no ARN", deployed.arn)
        };
        let mut names: BTreeMap<String, String> = deployed.parameters.clone();
        let pseudo = [
            ("Partition", partition),
            ("Region", region),
            ("AccountId", account),
            ("URLSuffix", "amazonaws.com"),
        ];
        for (name, value) in pseudo {
            names.insert(format!("AWS::{name}"), value.to_owned());
        }
        for (logical, resource) in &deployed.resources {
            if resource.kind == "AWS::Lambda::Function" {
                let arn = format!("arn:{partition}:lambda:{region}:{account}:function:{}", resource.id);
                names.insert(format!("{logical}.Arn"), arn);
            }
            names.insert(logical.clone(), resource.id.clone());
        }
        Ok(Self { names })
    }

    fn text(&self, value: &Value) -> Result<String> {
        match self.value(value)? {
            Value::String(text) => Ok(text),
            other => bail!("a text was expected instead of {other}"),
        }
    }

    /// `value` with every intrinsic function in it replaced by what it stands for.
    fn value(&self, value: &Value) -> Result<Value> {
        match value {
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(fields) => match single(fields) {
                Some(("Ref", Value::String(name))) => self.named(name).map(Value::from),
                Some(("Fn::GetAtt", Value::String(name))) => self.named(name).map(Value::from),
                Some(("Fn::GetAtt", Value::Array(parts))) => {
                    let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
                    self.named(&parts.join(".")).map(Value::from)
                }
                Some(("Fn::Sub", Value::String(text))) => self.substitute(text).map(Value::from),
                Some((name, _)) if name.starts_with("Fn::") => {
                    bail!("{name} in the HTTP API: teach infra/local-cloud/src/routes.rs its meaning")
                }
                _ => fields
                    .iter()
                    .map(|(name, field)| Ok((name.clone(), self.value(field)?)))
                    .collect(),
            },
            plain => Ok(plain.clone()),
        }
    }

    fn substitute(&self, text: &str) -> Result<String> {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after
                .split_once('}')
                .with_context(|| format!("unclosed ${{ in {text}"))?;
            result.push_str(before);
            result.push_str(&self.named(name)?);
            rest = after;
        }
        result.push_str(rest);
        Ok(result)
    }

    fn named(&self, name: &str) -> Result<String> {
        self.names
            .get(name)
            .cloned()
            .with_context(|| format!("the stack has nothing called {name}"))
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn single(fields: &Map<String, Value>) -> Option<(&str, &Value)> {
    if fields.len() == 1 {
        fields.iter().next().map(|(name, value)| (name.as_str(), value))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::Resource;

    fn values() -> Values {
        let resource = |kind: &str, id: &str| Resource {
            kind: kind.into(),
            id: id.into(),
        };
        let deployed = Deployed {
            arn: "arn:aws:cloudformation:us-east-1:000000000000:stack/madang/1".into(),
            outputs: BTreeMap::new(),
            parameters: BTreeMap::from([("AllowedOrigin".into(), "https://shop.example.com".into())]),
            resources: BTreeMap::from([
                (
                    "Checkout".into(),
                    resource("AWS::Lambda::Function", "madang-Checkout-1"),
                ),
                ("UserPool".into(), resource("AWS::Cognito::UserPool", "us-east-1_pool")),
                (
                    "UserPoolClient".into(),
                    resource("AWS::Cognito::UserPoolClient", "client"),
                ),
            ]),
        };
        Values::of(&deployed).unwrap()
    }

    fn body() -> Value {
        let uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Checkout.Arn}/invocations";
        let integration = json!({
            "type": "aws_proxy", "httpMethod": "POST", "uri": { "Fn::Sub": uri }, "payloadFormatVersion": "2.0"
        });
        json!({
            "paths": {
                "/orders": { "post": { "x-amazon-apigateway-integration": integration, "security": [{ "Users": [] }] } },
                "/products/{sku}": {
                    "get": { "x-amazon-apigateway-integration": integration, "security": [{ "NONE": [] }] },
                    "put": { "x-amazon-apigateway-integration": integration, "security": [{ "Users": [] }] }
                }
            },
            "components": { "securitySchemes": { "Users": { "type": "oauth2", "x-amazon-apigateway-authorizer": {
                "type": "jwt",
                "identitySource": "$request.header.Authorization",
                "jwtConfiguration": {
                    "issuer": { "Fn::Sub": "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${UserPool}" },
                    "audience": [{ "Ref": "UserPoolClient" }]
                }
            } } } },
            "x-amazon-apigateway-cors": { "allowOrigins": [{ "Ref": "AllowedOrigin" }], "maxAge": 600 }
        })
    }

    #[test]
    fn routes_keep_their_function_and_their_authorizer() {
        let plan = Plan::read(&body(), &values()).unwrap();
        let routes: Vec<(&str, Option<&str>)> = plan
            .routes
            .iter()
            .map(|route| (route.key.as_str(), route.authorizer.as_deref()))
            .collect();
        assert_eq!(
            routes,
            [
                ("POST /orders", Some("Users")),
                ("GET /products/{sku}", None),
                ("PUT /products/{sku}", Some("Users"))
            ]
        );
        assert_eq!(
            plan.routes[0].function,
            "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/\
             arn:aws:lambda:us-east-1:000000000000:function:madang-Checkout-1/invocations"
        );
        assert_eq!(plan.routes[0].payload, "2.0");
    }

    #[test]
    fn the_jwt_authorizer_keeps_issuer_and_audience() {
        let plan = Plan::read(&body(), &values()).unwrap();
        let jwt = Jwt {
            identity_source: "$request.header.Authorization".into(),
            issuer: "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool".into(),
            audience: json!(["client"]),
        };
        assert_eq!(plan.authorizers, BTreeMap::from([("Users".to_owned(), jwt)]));
        assert_eq!(
            plan.cors,
            Some(json!({ "allowOrigins": ["https://shop.example.com"], "maxAge": 600 }))
        );
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let mut body = body();
        body["paths"]["/orders"]["post"]["x-amazon-apigateway-integration"]["uri"] = json!({ "Fn::Join": ["", []] });
        let error = format!("{:#}", Plan::read(&body, &values()).unwrap_err());
        assert!(error.contains("POST /orders") && error.contains("Fn::Join"), "{error}");
    }
}
