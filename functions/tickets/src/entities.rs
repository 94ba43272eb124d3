//! The steps that the actions on venues, plans, performers, performances and showtimes share.

use lambda_http::http::{StatusCode, header};
use serde::Serialize;
use shared::Error;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{Cursor, Page, PageRequest};
use shared::aws::lambda::{Invocation, conditional};
use shared::core::idempotency::Fingerprint;
use uuid::Uuid;

use crate::store::{Entity, List, ShowStore, Stored, cursor};

/// A request to create an entity: its id, which follows from the caller and the key, and its fingerprint.
#[derive(Clone, Debug)]
pub struct Creation {
    /// The new entity's id.
    pub id: Uuid,
    fingerprint: Fingerprint,
}

impl Creation {
    /// Reads the request. `kind` names the kind of entity, `content` is what was asked for, with the path's parameters.
    ///
    /// # Errors
    /// `invalid-idempotency-key`, `unauthenticated` and [`Error::Internal`].
    pub fn of(request: &Request, kind: &str, content: &impl Serialize) -> Result<Self, Error> {
        let key = http::idempotency_key(request)?;
        let caller = http::caller(request)?;
        let fingerprint = Fingerprint::of(content).map_err(|error| Error::internal("read a request", error))?;
        Ok(Self {
            id: key.derive_id(kind, &caller.customer_id),
            fingerprint,
        })
    }

    /// The current state of the entity that an earlier attempt of the request created. A retry succeeds even if the request would be
    /// refused now.
    ///
    /// # Errors
    /// `idempotency-key-reused`, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn earlier<E: Entity>(&self, shows: &ShowStore, invocation: &Invocation) -> Result<Option<E>, Error> {
        let Some(found) = shows.find::<E>(self.id, invocation.deadline).await? else {
            return Ok(None);
        };
        found.fingerprint.require_same(&self.fingerprint)?;
        Ok(Some(found.entity))
    }

    /// Stores a new entity and responds 201 with it, at `path`.
    ///
    /// # Errors
    /// `idempotency-key-reused`, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save<E: Entity>(
        &self,
        shows: &ShowStore,
        entity: E,
        path: &str,
        invocation: &Invocation,
    ) -> Result<Response, Error> {
        let stored = Stored::new(entity, self.fingerprint.clone(), invocation.actor()?.clone());
        match shows.save(&stored, invocation.deadline).await? {
            Ok(()) => created(&stored.entity, path),
            Err(existing) => {
                existing.fingerprint.require_same(&self.fingerprint)?;
                created(&existing.entity, path).map(http::replayed)
            }
        }
    }
}

/// The response with a new entity.
///
/// # Errors
/// [`Error::Internal`].
pub fn created(entity: &impl Serialize, path: &str) -> Result<Response, Error> {
    http::located(conditional::tagged(StatusCode::CREATED, entity)?, path)
}

/// Changes an entity that `If-Match` names: reads it, lets `change` make the new one, and writes that unless somebody has changed
/// it meanwhile. A change that is made already is answered with 200 in any case (RFC 9110 §13.1.1).
///
/// # Errors
/// `precondition-required`, `precondition-failed`, `not-found`, those of `change`, [`Error::Unavailable`] and
/// [`Error::Internal`].
pub async fn update<E: Entity>(
    shows: &ShowStore,
    id: Uuid,
    request: &Request,
    invocation: &Invocation,
    change: impl AsyncFn(&E) -> Result<E, Error>,
    touch: impl Fn(E) -> E,
) -> Result<Response, Error> {
    conditional::require_if_match(request)?;
    let mut attempts = Attempts::new("change a show");
    loop {
        attempts.start()?;
        let previous: Stored<E> = shows.get(id, invocation.deadline).await?;
        let changed = change(&previous.entity).await?;
        if changed == previous.entity {
            return conditional::tagged(StatusCode::OK, &previous.entity);
        }
        conditional::require_match(request, &previous.entity)?;
        let next = previous.next(touch(changed), invocation)?;
        if shows.save(&next, invocation.deadline).await?.is_ok() {
            return conditional::tagged(StatusCode::OK, &next.entity);
        }
    }
}

/// Responds with a page of a list for administrators.
///
/// # Errors
/// `invalid-parameter`, [`Error::Unavailable`] and [`Error::Internal`].
pub async fn list<E: Entity>(
    shows: &ShowStore,
    list: &List,
    page: &PageRequest<'_>,
    invocation: &Invocation,
) -> Result<Response, Error> {
    let found = shows
        .list::<E>(list, page.after()?, page.limit, invocation.deadline)
        .await?;
    page.respond(found.items, found.next, cursor)
}

/// Responds with a page of a public list, each entity as `view` shows it, or with 304 when the client has it already.
///
/// # Errors
/// `invalid-parameter`, [`Error::Unavailable`] and [`Error::Internal`].
pub async fn list_public<E: Entity, V: Serialize>(
    shows: &ShowStore,
    list: &List,
    request: (&Request, &PageRequest<'_>),
    invocation: &Invocation,
    view: impl Fn(E) -> V,
    cache_control: &'static str,
) -> Result<Response, Error> {
    let (request, page) = request;
    let found = shows
        .list::<E>(list, page.after()?, page.limit, invocation.deadline)
        .await?;
    let items: Vec<V> = found.items.into_iter().map(view).collect();
    public_page(items, found.next, (request, page), cache_control)
}

/// Answers with a page of a list that everybody sees.
///
/// # Errors
/// Those of the request itself, and [`Error::Internal`].
pub fn public_page<V: Serialize>(
    items: Vec<V>,
    next: Option<Cursor<1>>,
    (request, page): (&Request, &PageRequest<'_>),
    cache_control: &'static str,
) -> Result<Response, Error> {
    let next_cursor = page.cursor(next);
    let link = next_cursor.as_deref().map(|cursor| page.link(cursor)).transpose()?;
    let mut response = conditional::get(request, &Page { items, next_cursor }, cache_control)?;
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}
