//! A shop with pictures: the image functions on the engine and a stand-in for S3.

use std::io::Cursor;

use harness::Services;
use harness::engine::IMAGES;
use harness::gateway::{Answer, Call};
use harness::objects::FakeS3;
pub use harness::platform::{UPLOADS, VARIANTS};
use image::{ImageFormat, Rgb, RgbImage};
use images::resize_image::ResizeImage;
use photo::{Options, Output};
use serde_json::{Value, json};
use shared::Error;
use shared::aws::Platform;
use shared::core::actor::Actor;

use crate::Shop;

/// A shop with pictures.
#[derive(Debug)]
pub struct ImageFixture {
    /// The shop.
    pub shop: Shop,
    /// The stand-in for S3.
    pub s3: FakeS3,
}

impl ImageFixture {
    /// Opens an empty shop with empty buckets.
    pub async fn open() -> Self {
        Self {
            shop: Shop::open().await,
            s3: FakeS3::default(),
        }
    }

    /// Returns the platform that its functions are built from.
    pub fn platform(&self) -> Platform {
        let services = Services {
            objects: Some(self.s3.clone()),
            ..Services::default()
        };
        self.shop.platform().with_aws(services.config())
    }

    /// Calls `presign-upload`.
    pub async fn presign_upload(&self, call: Call) -> Answer {
        let function = images::presign_upload::PresignUpload::new(&self.platform()).expect("its variables");
        call.send(self.shop.invocation(), |request, invocation| {
            images::presign_upload::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `resize-image`.
    ///
    /// # Errors
    /// The function's error.
    pub async fn resize_image(&self, event: &Value) -> Result<(), Error> {
        self.resize_image_to(event, Options::default().outputs).await
    }

    /// Calls `resize-image` and writes each size in all formats of `outputs`.
    ///
    /// # Errors
    /// The function's error.
    pub async fn resize_image_to(&self, event: &Value, outputs: Vec<Output>) -> Result<(), Error> {
        let mut function = ResizeImage::new(&self.platform()).expect("its variables");
        function.options.outputs = outputs;
        let delivery = serde_json::from_value(event.clone()).expect("an event of S3");
        let invocation = self.shop.invocation().by(Actor::function("resize-image"));
        images::resize_image::handle(&function, delivery, invocation).await
    }

    /// Calls `get-image` for a picture.
    pub async fn see(&self, image_id: &str) -> Answer {
        let call = Call::new("GET", "/images/{image_id}").path("image_id", image_id);
        self.get_image(call).await
    }

    /// Calls `get-image` with any request.
    pub async fn get_image(&self, call: Call) -> Answer {
        let function = images::get_image::GetImage::new(&self.platform()).expect("its variables");
        call.send(self.shop.invocation(), |request, invocation| {
            images::get_image::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `delete-image`.
    pub async fn delete_image(&self, call: Call) -> Answer {
        let function = images::delete_image::DeleteImage::new(&self.platform()).expect("its variables");
        call.send(self.shop.invocation(), |request, invocation| {
            images::delete_image::handle(&function, request, invocation)
        })
        .await
    }

    /// Deletes a customer's picture, under the key that this picture's deletion has.
    pub async fn delete(&self, customer: &str, image_id: &str) -> Answer {
        let call = Call::new("DELETE", "/images/{image_id}").path("image_id", image_id);
        self.delete_image(call.by(customer)).await
    }

    /// Calls `purge-image` for each deleted picture.
    ///
    /// # Errors
    /// The function's error.
    pub async fn purge_deleted(&self) -> Result<(), Error> {
        let function = images::purge_image::PurgeImage::new(&self.platform()).expect("its variables");
        for (name, detail) in self.shop.engine.events(IMAGES).await {
            if name == "ImageDeleted" {
                let delivery =
                    serde_json::from_value(json!({ "source": "madang.images", "detail-type": name, "detail": detail }))
                        .expect("an event of the bus");
                let invocation = self.shop.invocation().by(Actor::function("purge-image"));
                images::purge_image::handle(&function, delivery, invocation).await?;
            }
        }
        Ok(())
    }

    /// Presigns an upload for a customer and returns the picture's id.
    pub async fn presign(&self, customer: &str, key: &str, more: &Value) -> String {
        let answer = self.presign_upload(presign_call(customer, key, more)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.body["image_id"].as_str().expect("an id").to_owned()
    }

    /// Uploads a picture and returns S3's event.
    pub fn upload(&self, image_id: &str, bytes: &[u8]) -> Value {
        self.s3.upload(UPLOADS, &format!("raw/{image_id}"), bytes)
    }

    /// Returns the keys of the stored variants.
    pub fn variants(&self) -> Vec<String> {
        self.s3.objects(VARIANTS).into_keys().collect()
    }

    /// Returns the keys of the variants in a picture's record.
    pub async fn recorded_variants(&self, image_id: &str) -> Vec<String> {
        let seen = self.see(image_id).await;
        let variants = seen.body["variants"].as_array().cloned().unwrap_or_default();
        let key = |variant: &Value| {
            let url = variant["url"].as_str().expect("a url");
            let key = url.strip_prefix("https://images.example.com/");
            key.expect("an address of the shop").to_owned()
        };
        variants.iter().map(key).collect()
    }
}

/// Builds a customer's request to upload a GIF of a hundred bytes; the fields of `more` are added to the body.
pub fn presign_call(customer: &str, key: &str, more: &Value) -> Call {
    let mut body = json!({ "content_type": "image/gif", "content_length": 100, "purpose": "LISTING" });
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.clone());
    }
    Call::new("POST", "/images").by(customer).key(key).json(&body)
}

/// Encodes a GIF of one color, `width` by `height`.
///
/// # Panics
/// If a side exceeds GIF's limit.
pub fn picture(width: u16, height: u16) -> Vec<u8> {
    picture_as(ImageFormat::Gif, width, height)
}

/// Encodes a picture of one color, `width` by `height`.
///
/// # Panics
/// If the format does not support it.
pub fn picture_as(format: ImageFormat, width: u16, height: u16) -> Vec<u8> {
    let mut bytes = Cursor::new(vec![]);
    RgbImage::from_pixel(width.into(), height.into(), Rgb([200, 30, 60]))
        .write_to(&mut bytes, format)
        .expect("a picture");
    bytes.into_inner()
}
