//! Signed calls of AWS services, over HTTP and nothing else.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use ureq::Agent;
use ureq::http::{Request, Uri};

use crate::sign;

/// An access key, and the token that comes with temporary ones.
#[derive(Clone)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`
    pub access_key: String,
    /// `AWS_SECRET_ACCESS_KEY`
    pub secret_key: String,
    /// `AWS_SESSION_TOKEN`
    pub session_token: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({}, …)", self.access_key)
    }
}

/// The service understood the call and said no.
#[derive(Debug)]
pub struct Refused {
    /// HTTP status.
    pub status: u16,
    /// `ResourceNotFoundException` and the like.
    pub code: String,
    /// The service's own words.
    pub message: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}): {}", self.code, self.status, self.message)
    }
}

impl std::error::Error for Refused {}

/// An account in a region: the emulator, or AWS itself when there is no endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) endpoint: Option<String>,
    pub(crate) region: String,
    pub(crate) credentials: Credentials,
    agent: Agent,
}

impl Account {
    pub(crate) fn new(endpoint: Option<String>, region: String, credentials: Credentials) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        Self {
            endpoint,
            region,
            credentials,
            agent,
        }
    }

    pub(crate) fn service(&self, name: &str) -> Service {
        Service {
            account: self.clone(),
            name: name.to_owned(),
        }
    }
}

/// One AWS service, called with its wire protocol.
#[derive(Clone, Debug)]
pub struct Service {
    account: Account,
    name: String,
}

impl Service {
    /// A call of a JSON service, such as `DynamoDB_20120810.Query` or `AmazonSQS.SendMessage`.
    ///
    /// # Errors
    /// [`Refused`] when the service answers with an error; others when it does not answer.
    pub fn json(&self, target: &str, body: &Value) -> Result<Value> {
        let version = if matches!(self.name.as_str(), "dynamodb" | "sqs") {
            "1.0"
        } else {
            "1.1"
        };
        let content_type = format!("application/x-amz-json-{version}");
        let answer = self.send("POST", "/", &content_type, Some(target), body.to_string().into_bytes())?;
        self.parse(&answer)
            .with_context(|| format!("{target} answered with something else than JSON"))
    }

    /// A call of a REST service, such as `PATCH /v2/apis/{id}`.
    ///
    /// # Errors
    /// As [`Service::json`].
    pub fn rest(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let answer = self.send(method, path, "application/json", None, body)?;
        self.parse(&answer)
            .with_context(|| format!("{method} {path} answered with something else than JSON"))
    }

    /// A call of a query service, such as CloudFormation's `DescribeStacks`; the answer is XML.
    ///
    /// # Errors
    /// As [`Service::json`].
    pub fn query(&self, action: &str, version: &str, parameters: &[(&str, &str)]) -> Result<String> {
        let form: String = [("Action", action), ("Version", version)]
            .iter()
            .chain(parameters)
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect::<Vec<_>>()
            .join("&");
        self.send(
            "POST",
            "/",
            "application/x-www-form-urlencoded",
            None,
            form.into_bytes(),
        )
    }

    fn parse(&self, answer: &str) -> Result<Value> {
        if answer.trim().is_empty() {
            Ok(Value::Null)
        } else {
            Ok(serde_json::from_str(answer)?)
        }
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        target: Option<&str>,
        body: Vec<u8>,
    ) -> Result<String> {
        let account = &self.account;
        let base = account
            .endpoint
            .clone()
            .unwrap_or_else(|| format!("https://{}.{}.amazonaws.com", self.name, account.region));
        let uri: Uri = format!("{base}{path}")
            .parse()
            .with_context(|| format!("{base}{path} is no address"))?;
        let host = uri.authority().map(ToString::to_string).unwrap_or_default();
        let time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();

        let mut headers = vec![("content-type", content_type), ("host", &host), ("x-amz-date", &time)];
        headers.extend(
            account
                .credentials
                .session_token
                .as_deref()
                .map(|token| ("x-amz-security-token", token)),
        );
        headers.extend(target.map(|target| ("x-amz-target", target)));
        let request = sign::Request {
            method,
            path,
            headers: &headers,
            body: &body,
        };
        let authorization = sign::authorization(&account.credentials, &account.region, &self.name, &time, &request);

        let mut http = Request::builder()
            .method(method)
            .uri(&uri)
            .header("authorization", authorization);
        for (name, value) in headers.iter().filter(|(name, _)| *name != "host") {
            http = http.header(*name, *value);
        }
        let what = target.map_or_else(|| format!("{method} {path}"), str::to_owned);
        let mut response = account
            .agent
            .run(http.body(body)?)
            .with_context(|| format!("{} does not answer {what} at {base}", self.name))?;
        let status = response.status().as_u16();
        let text = response.body_mut().with_config().limit(64 << 20).read_to_string()?;
        if status >= 400 {
            let refused = refusal(status, &text);
            return Err(anyhow::Error::new(refused).context(format!("{} refused {what}", self.name)));
        }
        Ok(text)
    }
}

/// Reads an error in any of the three protocols.
fn refusal(status: u16, text: &str) -> Refused {
    if let Ok(json) = serde_json::from_str::<Value>(text) {
        let field = |names: [&str; 3]| names.iter().find_map(|name| json[*name].as_str()).unwrap_or_default();
        let code = field(["__type", "code", "Code"]);
        let code = code.rsplit('#').next().unwrap_or(code).to_owned();
        return Refused {
            status,
            code,
            message: field(["message", "Message", "errorMessage"]).to_owned(),
        };
    }
    let element = |name: &str| {
        let document = roxmltree::Document::parse(text).ok()?;
        document
            .descendants()
            .find(|node| node.has_tag_name(name))?
            .text()
            .map(str::to_owned)
    };
    Refused {
        status,
        code: element("Code").unwrap_or_else(|| "Error".to_owned()),
        message: element("Message").unwrap_or_else(|| text.trim().to_owned()),
    }
}

/// Percent-encodes all but the unreserved characters.
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_read_from_json_and_xml() {
        let json = refusal(
            400,
            r#"{"__type":"com.amazonaws#UsernameExistsException","message":"taken"}"#,
        );
        assert_eq!(
            (json.code.as_str(), json.message.as_str()),
            ("UsernameExistsException", "taken")
        );
        let xml = refusal(
            400,
            "<E><Error><Code>ValidationError</Code><Message>no such stack</Message></Error></E>",
        );
        assert_eq!(
            (xml.code.as_str(), xml.message.as_str()),
            ("ValidationError", "no such stack")
        );
        assert_eq!(refusal(502, "bad gateway").message, "bad gateway");
    }

    #[test]
    fn form_values_are_encoded() {
        assert_eq!(encode("a b/ç~"), "a%20b%2F%C3%A7~");
    }
}
