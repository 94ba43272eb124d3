//! Users of the shop: made in the stack's user pool and signed in as a client would.

use anyhow::{Context, Result};
use serde_json::json;

use crate::aws::Refused;
use crate::stack::{Stack, unique};

/// Makes the user `name` (or takes the one there), a member of `groups`, and signs it in.
/// The password is new each time and known to no one afterwards.
pub(crate) fn sign_up(stack: &Stack, name: &str, groups: &[&str]) -> Result<String> {
    let pool = stack.aws("cognito-idp");
    let call = |operation: &str, parameters| pool.call(operation, &parameters);
    let (id, user) = (stack.user_pool_id.as_str(), format!("{name}@example.com"));
    // Upper case, lower case, a digit and a sign: what password policies ask for.
    let password = format!("Aa1!{}", unique()?);

    let attributes = json!([
        { "Name": "email", "Value": user },
        { "Name": "email_verified", "Value": "true" },
    ]);
    let made = call(
        "AdminCreateUser",
        json!({ "UserPoolId": id, "Username": user, "UserAttributes": attributes, "MessageAction": "SUPPRESS" }),
    );
    match made {
        Err(error) if is(&error, "UsernameExistsException") => {}
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
        .with_context(|| format!("cannot put {name} into the group {group}"))?;
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
        .with_context(|| format!("the user pool gave {name} no token: {signed_in}"))
}

fn is(error: &anyhow::Error, code: &str) -> bool {
    error
        .downcast_ref::<Refused>()
        .is_some_and(|refused| refused.code == code)
}
