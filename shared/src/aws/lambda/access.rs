//! Routes of administrators: those under [`ADMIN`]. The entry of every function checks the caller's group before the
//! action sees the request, so that no action can forget it, and tells the action who acts.

use lambda_http::RequestExt;
use lambda_http::request::RequestContext;

use crate::aws::lambda::http::{Request, caller};
use crate::core::actor::Actor;
use crate::core::error::{MALFORMED_REQUEST, Rejection};

/// The beginning of the paths that only administrators may use.
pub const ADMIN: &str = "/admin/";

/// Checks that the caller may use the request's route, which API Gateway has chosen, and returns who acts: staff on a
/// route of administrators, a customer on another. `None` without a token. A request without a route is refused, since
/// nothing says who may send it.
///
/// # Errors
/// `unauthenticated` and `forbidden` on a route of administrators, `malformed-request` without a route.
pub fn check(request: &Request) -> Result<Option<Actor>, Rejection> {
    let route = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.route_key.as_deref(),
        _ => None,
    };
    let Some((_method, path)) = route.and_then(|route| route.split_once(' ')) else {
        return Err(Rejection::new(&MALFORMED_REQUEST, "The request has no route."));
    };
    if path.starts_with(ADMIN) {
        let caller = caller(request)?;
        caller.require_admin()?;
        return Ok(Some(Actor::staff(&caller.customer_id)));
    }
    Ok(caller(request).ok().map(|caller| Actor::customer(&caller.customer_id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::actor::ActorKind;
    use crate::core::error::{FORBIDDEN, UNAUTHENTICATED};
    use serde_json::{Value, json};

    fn checked(route: Value, groups: Option<&str>) -> Result<Option<Actor>, Rejection> {
        let mut context = json!({ "routeKey": route, "http": { "method": "POST" } });
        if let Some(groups) = groups {
            let claims = json!({ "sub": "ann", "cognito:groups": groups });
            context["authorizer"] = json!({ "jwt": { "claims": claims, "scopes": null } });
        }
        let event = json!({ "headers": {}, "requestContext": context, "isBase64Encoded": false });
        let request = crate::aws::lambda::gateway::request(&event.to_string()).unwrap();
        check(&request)
    }

    fn refusal(route: Value, groups: Option<&str>) -> Option<&'static str> {
        checked(route, groups).err().map(|rejection| rejection.reason.code)
    }

    fn kind(route: &str, groups: Option<&str>) -> Option<ActorKind> {
        let actor = checked(json!(route), groups).unwrap()?;
        assert_eq!(actor.id, "ann");
        Some(actor.kind)
    }

    #[test]
    fn an_administrator_is_staff_on_routes_of_administrators_only() {
        assert_eq!(kind("POST /admin/products", Some("[admin]")), Some(ActorKind::Staff));
        assert_eq!(kind("POST /orders", Some("[admin]")), Some(ActorKind::Customer));
        assert_eq!(kind("POST /orders", Some("[]")), Some(ActorKind::Customer));
        assert_eq!(kind("GET /products/{sku}", None), None);
    }

    #[test]
    fn a_route_under_admin_is_for_administrators() {
        let route = || json!("POST /admin/products/{sku}/stock-movements");
        assert_eq!(refusal(route(), Some("[admin]")), None);
        assert_eq!(refusal(route(), Some("[buyers]")), Some(FORBIDDEN.code));
        assert_eq!(refusal(route(), None), Some(UNAUTHENTICATED.code));
    }

    #[test]
    fn other_routes_are_for_everybody() {
        for route in ["GET /products/{sku}", "GET /administration", "GET /products/admin/"] {
            assert_eq!(refusal(json!(route), None), None, "{route}");
        }
    }

    #[test]
    fn a_request_without_a_route_is_refused() {
        for route in [Value::Null, json!(""), json!("$default")] {
            assert_eq!(
                refusal(route.clone(), Some("[admin]")),
                Some(MALFORMED_REQUEST.code),
                "{route}"
            );
        }
    }
}
