//! Pictures: presigned, uploaded to the bucket, processed, replaced and deleted.

use anyhow::{Result, ensure};
use end_to_end::{EVENT_DEADLINE, Shop, text};
use local_cloud::pictures::{announce, landscape, objects, upload};
use serde_json::{Value, json};

use crate::Test;

pub const TESTS: &[Test] = &[
    (
        "an_uploaded_photo_gets_six_variants",
        an_uploaded_photo_gets_six_variants,
    ),
    (
        "an_upload_that_differs_from_its_presigned_request_is_refused",
        an_upload_that_differs_from_its_presigned_request_is_refused,
    ),
    (
        "an_invalid_picture_is_rejected_with_its_reason",
        an_invalid_picture_is_rejected_with_its_reason,
    ),
    (
        "the_newer_of_two_uploads_to_one_url_is_kept",
        the_newer_of_two_uploads_to_one_url_is_kept,
    ),
    ("a_deleted_picture_leaves_no_object", a_deleted_picture_leaves_no_object),
    (
        "a_replaced_picture_is_deleted_once_the_new_one_is_ready",
        a_replaced_picture_is_deleted_once_the_new_one_is_ready,
    ),
];

/// Presigns and uploads a picture of Ann's and returns the presigned request.
fn uploaded(shop: &Shop, picture: &[u8], more: &Value) -> Result<Value> {
    let signed = announce(&shop.api, &shop.ann, &shop.unique("picture"), picture, more)?.expect(201)?;
    upload(&shop.api, &signed, picture)?.send()?.expect(200)?;
    Ok(signed)
}

fn path_of(image: &Value) -> Result<String> {
    Ok(format!("/images/{}", text(image, "image_id")?))
}

/// Waits until the picture has this status.
fn image_until(shop: &Shop, image: &Value, status: &str) -> Result<Value> {
    let path = path_of(image)?;
    let ask = || shop.api.call("GET", &path).send()?.expect(200);
    shop.until(EVENT_DEADLINE, ask, |seen| seen["status"] == status)
}

fn variants_of(shop: &Shop, image: &Value) -> Result<Vec<Value>> {
    objects(&shop.stack, "ImagesBucketName", text(image, "image_id")?)
}

fn delete(shop: &Shop, token: &str, image: &Value) -> Result<local_cloud::Answer> {
    shop.api.call("DELETE", &path_of(image)?).token(token).send()
}

fn event(shop: &Shop, detail_type: &str, image: &Value) -> Result<Value> {
    let id = &image["image_id"];
    let about_it = |event: &local_cloud::Event| event.detail["data"]["image_id"] == *id;
    Ok(shop.tap.wait_for(detail_type, about_it, EVENT_DEADLINE)?.detail)
}

fn an_uploaded_photo_gets_six_variants(shop: &Shop) -> Result<()> {
    let photo = landscape(2000, 1500)?;
    let signed = uploaded(shop, &photo, &json!({}))?;
    let ready = image_until(shop, &signed, "READY")?;
    let widths: Vec<_> = [140, 320, 640, 1024, 1440, 1920].map(Value::from).into();
    let variants = ready["variants"].as_array().cloned().unwrap_or_default();
    let found: Vec<_> = variants.iter().map(|variant| variant["width"].clone()).collect();
    ensure!(found == widths, "{ready}");
    ensure!(ready["source"] == json!({ "width": 2000, "height": 1500, "bytes": photo.len() }));
    ensure!(variants[2]["height"] == 480, "{ready}");
    ensure!(text(&ready, "srcset")?.ends_with("/w1920.jpg 1920w"), "{ready}");
    ensure!(text(&ready, "color")?.starts_with('#') && ready["placeholder"].is_string());
    ensure!(ready.get("customer_id").is_none(), "the owner is not public");

    let stored = variants_of(shop, &signed)?;
    ensure!(stored.len() == 6, "{stored:?}");
    for object in &stored {
        ensure!(object["content_type"] == "image/jpeg", "{object}");
        ensure!(
            object["cache_control"] == "public, max-age=31536000, immutable",
            "{object}"
        );
        let key = text(object, "key")?;
        let known = variants
            .iter()
            .find(|variant| variant["url"].as_str().is_some_and(|url| url.ends_with(key)));
        ensure!(known.is_some_and(|known| known["bytes"] == object["bytes"]), "{object}");
    }
    let event = event(shop, "ImageResized", &signed)?;
    ensure!(event["data"]["variants"].as_array().map(Vec::len) == Some(6), "{event}");
    Ok(())
}

fn an_upload_that_differs_from_its_presigned_request_is_refused(shop: &Shop) -> Result<()> {
    let photo = landscape(200, 150)?;
    let key = shop.unique("picture");
    let signed = announce(&shop.api, &shop.ann, &key, &photo, &json!({}))?.expect(201)?;
    // The same request is signed again for the same picture.
    let again = announce(&shop.api, &shop.ann, &key, &photo, &json!({}))?;
    ensure!(again.header("idempotency-replayed") == Some("true"), "{again:?}");
    ensure!(again.expect(201)?["image_id"] == signed["image_id"]);

    let longer = [&photo[..], b"!"].concat();
    upload(&shop.api, &signed, &longer)?.send()?.expect(403)?;
    let mut other = signed.clone();
    other["headers"]["content-type"] = json!("text/html");
    upload(&shop.api, &other, &photo)?.send()?.expect(403)?;
    let id = text(&signed, "image_id")?;
    let mut other = signed.clone();
    other["url"] = json!(text(&signed, "url")?.replace(id, &id.replace(['1', '2', '3'], "4")));
    upload(&shop.api, &other, &photo)?.send()?.expect(403)?;

    // The checksum of an empty file.
    let more = json!({ "checksum_sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" });
    let signed = announce(&shop.api, &shop.ann, &shop.unique("picture"), &photo, &more)?.expect(201)?;
    upload(&shop.api, &signed, &photo)?.send()?.expect(400)?;

    let taken = |more: Value| announce(&shop.api, &shop.ann, &shop.unique("picture"), &photo, &more);
    taken(json!({ "content_type": "image/svg+xml" }))?.expect(415)?;
    taken(json!({ "content_length": (30 << 20) + 1 }))?.expect(422)?;
    ensure!(announce(&shop.api, "nobody", &key, &photo, &json!({}))?.status == 401);
    Ok(())
}

fn an_invalid_picture_is_rejected_with_its_reason(shop: &Shop) -> Result<()> {
    let photo = landscape(200, 150)?;
    for (file, reason) in [
        (&b"%PDF-1.7 is no picture"[..], "UNSUPPORTED"),
        (&photo[..photo.len() / 2], "TRUNCATED"),
        (&b"GIF89a\x01\0\x01\0\0\0\0;"[..], "WRONG_TYPE"),
    ] {
        let signed = uploaded(shop, file, &json!({}))?;
        let rejected = image_until(shop, &signed, "REJECTED")?;
        ensure!(rejected["refusal"]["reason"] == reason, "{rejected}");
        event(shop, "ImageRejected", &signed)?;
        ensure!(variants_of(shop, &signed)?.is_empty());
    }
    Ok(())
}

fn the_newer_of_two_uploads_to_one_url_is_kept(shop: &Shop) -> Result<()> {
    let (mut wide, mut tall) = (landscape(300, 200)?, landscape(200, 300)?);
    // A presigned URL accepts one length; bytes after a JPEG's end are ignored.
    let length = wide.len().max(tall.len());
    wide.resize(length, 0);
    tall.resize(length, 0);
    let signed = uploaded(shop, &wide, &json!({}))?;
    upload(&shop.api, &signed, &tall)?.send()?.expect(200)?;
    let path = path_of(&signed)?;
    let ask = || shop.api.call("GET", &path).send()?.expect(200);
    let seen = shop.until(EVENT_DEADLINE, ask, |seen| seen["source"]["height"] == 300)?;
    let kept = |found: &Value| found.as_array().map(Vec::len) == seen["variants"].as_array().map(Vec::len);
    let stored = shop.until(EVENT_DEADLINE, || Ok(variants_of(shop, &signed)?.into()), kept)?;
    let known = text(&seen["variants"][0], "url")?;
    ensure!(known.ends_with(text(&stored[0], "key")?), "{known} is not {stored}");
    Ok(())
}

fn a_deleted_picture_leaves_no_object(shop: &Shop) -> Result<()> {
    let photo = landscape(200, 150)?;
    let signed = uploaded(shop, &photo, &json!({}))?;
    image_until(shop, &signed, "READY")?;
    delete(shop, &shop.bob, &signed)?.expect(404)?;
    let deleted = delete(shop, &shop.ann, &signed)?.expect(200)?;
    ensure!(deleted["status"] == "DELETED");
    ensure!(delete(shop, &shop.ann, &signed)?.expect(200)? == deleted);
    event(shop, "ImageDeleted", &signed)?;
    let raw = format!("raw/{}", text(&signed, "image_id")?);
    let left = || {
        let mut left = objects(&shop.stack, "UploadsBucketName", &raw)?;
        left.extend(variants_of(shop, &signed)?);
        Ok(left.into())
    };
    shop.until(EVENT_DEADLINE, left, |left: &Value| {
        left.as_array().is_some_and(Vec::is_empty)
    })?;

    // The URL is still valid, but a new upload is deleted.
    upload(&shop.api, &signed, &photo)?.send()?.expect(200)?;
    let ask = || Ok(objects(&shop.stack, "UploadsBucketName", &raw)?.into());
    shop.until(EVENT_DEADLINE, ask, |found| found.as_array().is_some_and(Vec::is_empty))?;
    ensure!(image_until(shop, &signed, "DELETED")?["variants"] == json!([]));
    Ok(())
}

fn a_replaced_picture_is_deleted_once_the_new_one_is_ready(shop: &Shop) -> Result<()> {
    let photo = landscape(200, 150)?;
    let old = uploaded(shop, &photo, &json!({}))?;
    image_until(shop, &old, "READY")?;
    let by_bob = announce(
        &shop.api,
        &shop.bob,
        &shop.unique("picture"),
        &photo,
        &json!({ "replaces": old["image_id"] }),
    )?;
    by_bob.expect(404)?;
    let new = uploaded(shop, &photo, &json!({ "replaces": old["image_id"] }))?;
    image_until(shop, &new, "READY")?;
    image_until(shop, &old, "DELETED")?;
    let is_empty = |found: &Value| found.as_array().is_some_and(Vec::is_empty);
    shop.until(EVENT_DEADLINE, || Ok(variants_of(shop, &old)?.into()), is_empty)?;
    ensure!(variants_of(shop, &new)?.len() == 2, "140 and its own 200");
    Ok(())
}
