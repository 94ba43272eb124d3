//! Creates users in the stack's user pool and signs them in.

use anyhow::{Context, Result};
use serde_json::json;

use crate::aws::ServiceError;
use crate::stack::{Stack, unique};

/// Creates the user `name` as a member of `groups`, or uses the existing one, and signs it in. Sets a new random
/// password each time and does not keep it.
pub(crate) fn sign_up(stack: &Stack, name: &str, groups: &[&str]) -> Result<String> {
    let pool = stack.aws("cognito-idp");
    let call = |operation: &str, parameters| pool.call(operation, &parameters);
    let (id, user) = (stack.user_pool_id.as_str(), format!("{name}@example.com"));
    // The prefix satisfies password policies: upper case, lower case, a digit and a symbol.
    let password = format!("Aa1!{}", unique()?);

    let attributes = json!([
        { "Name": "email", "Value": user },
        { "Name": "email_verified", "Value": "true" },
    ]);
    let created = call(
        "AdminCreateUser",
        json!({ "UserPoolId": id, "Username": user, "UserAttributes": attributes, "MessageAction": "SUPPRESS" }),
    );
    match created {
        Err(error) if has_code(&error, "UsernameExistsException") => {}
        other => drop(other?),
    }
    call(
        "AdminSetUserPassword",
        json!({ "UserPoolId": id, "Username": user, "Password": password, "Permanent": true }),
    )?;
    for group in groups {
        call(
            "AdminAddUserToGroup",
            json!({ "UserPoolId": id, "Username": user, "GroupName": group }),
        )
        .with_context(|| format!("cannot add {name} to the group {group}"))?;
    }
    let signed_in = call(
        "InitiateAuth",
        json!({
            "AuthFlow": "USER_PASSWORD_AUTH",
            "ClientId": stack.client_id,
            "AuthParameters": { "USERNAME": user, "PASSWORD": password },
        }),
    )?;
    signed_in["AuthenticationResult"]["AccessToken"]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("the user pool returned no token for {name}: {signed_in}"))
}

fn has_code(error: &anyhow::Error, code: &str) -> bool {
    error
        .downcast_ref::<ServiceError>()
        .is_some_and(|error| error.code == code)
}
