//! The pictures' table: `IMAGE#<id>`, one item a picture.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure as OnFailure;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::aws::Platform;
use crate::aws::dynamodb::{classify_error, item_of, key, number, parse, send_until_answered};
use crate::core::error::Error;
use crate::core::event::Record;
use crate::core::idempotency::Fingerprint;
use crate::images::{Image, ImageId};

/// The pictures' table.
#[derive(Clone, Debug)]
pub struct ImageStore {
    client: Client,
    table: String,
}

/// A picture as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredImage {
    /// What events tell of it.
    #[serde(flatten)]
    pub image: Image,
    /// What was asked for, to tell a retry from another request.
    pub fingerprint: Fingerprint,
    /// Counts the changes, from 1; each write is conditional on the one that was read.
    pub version: u64,
    /// Its newest event, which the table's stream delivers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Record>,
}

impl StoredImage {
    /// A picture whose upload was never signed before.
    pub const fn first(image: Image, fingerprint: Fingerprint) -> Self {
        Self {
            image,
            fingerprint,
            version: 1,
            event: None,
        }
    }

    /// What is to be kept after this.
    #[must_use]
    pub fn next(&self, image: Image, event: Record) -> Self {
        Self {
            image,
            version: self.version + 1,
            event: Some(event),
            ..self.clone()
        }
    }
}

impl ImageStore {
    /// The table that the variable `IMAGES_TABLE` names.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            client: platform.dynamodb(),
            table: platform.variable("IMAGES_TABLE")?,
        })
    }

    /// The picture, whoever's it is, as it stands now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get(&self, id: ImageId, deadline: Instant) -> Result<Option<StoredImage>, Error> {
        const DOING: &str = "read a picture";
        let send = || async {
            let get = self.client.get_item().table_name(&self.table).consistent_read(true);
            let sent = get.set_key(Some(key(image_key(id)))).send().await;
            sent.map_err(|error| classify_error(DOING, error))
        };
        let answer = send_until_answered(DOING, deadline, send).await?;
        answer.item.map(|item| parse(DOING, item)).transpose()
    }

    /// Keeps a picture; the one that stands when anything has changed it since it was read, or made it before.
    ///
    /// A write whose answer was lost is sent again, and then refused by its own success: what stands is this very one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save(&self, stored: &StoredImage, deadline: Instant) -> Result<Result<(), Box<StoredImage>>, Error> {
        const DOING: &str = "save a picture";
        let item = item_of(DOING, image_key(stored.image.image_id), stored)?;
        let send = || async {
            let put = self.client.put_item().table_name(&self.table);
            let put = put.set_item(Some(item.clone()));
            // Nobody writes over what they have not read.
            let put = if stored.version == 1 {
                put.condition_expression("attribute_not_exists(pk)")
            } else {
                put.condition_expression("version = :read")
                    .expression_attribute_values(":read", number(stored.version - 1))
            };
            let put = put.return_values_on_condition_check_failure(OnFailure::AllOld);
            match put.send().await {
                Ok(_) => Ok(None),
                Err(SdkError::ServiceError(refused))
                    if matches!(refused.err(), PutItemError::ConditionalCheckFailedException(_)) =>
                {
                    match refused.into_err() {
                        PutItemError::ConditionalCheckFailedException(refused) => Ok(Some(refused.item)),
                        other => Err(Error::internal(DOING, other)),
                    }
                }
                Err(error) => Err(classify_error(DOING, error)),
            }
        };
        let Some(stands) = send_until_answered(DOING, deadline, send).await? else {
            return Ok(Ok(()));
        };
        let stands = stands.ok_or_else(|| Error::internal(DOING, "the picture is not there any more"))?;
        let stands: StoredImage = parse(DOING, stands)?;
        Ok(if stands == *stored {
            Ok(())
        } else {
            Err(Box::new(stands))
        })
    }
}

fn image_key(id: ImageId) -> String {
    format!("IMAGE#{id}")
}
