//! Pictures: uploaded, processed, replaced, rejected and deleted.

use function_tests::image_fixture::{ImageFixture, UPLOADS, VARIANTS, picture, picture_as, presign_call};
use function_tests::{create_call, product, update_call};
use harness::Fault;
use harness::engine::IMAGES;
use harness::gateway::Call;
use image::ImageFormat;
use jiff::SignedDuration;
use photo::Output;
use serde_json::{Value, json};
use shared::Error;

async fn last_event(shop: &ImageFixture, image_id: &str) -> String {
    let events = shop.shop.engine.events(IMAGES).await;
    let about_it = events
        .into_iter()
        .find(|(_, detail)| detail["data"]["image_id"] == *image_id);
    about_it.map(|(name, _)| name).unwrap_or_default()
}

#[tokio::test]
async fn a_picture_is_presigned_uploaded_and_processed() {
    let shop = ImageFixture::open().await;
    let signed = shop.presign_upload(presign_call("ann", "k", &json!({}))).await;
    assert_eq!((signed.status, signed.replayed), (201, false), "{signed:?}");
    let url = signed.body["url"].as_str().unwrap();
    assert!(url.contains("X-Amz-Expires=600"), "{url}");
    for header in ["content-type", "content-length", "host"] {
        assert!(
            url.contains("X-Amz-SignedHeaders=") && url.contains(header),
            "{header} is not signed: {url}"
        );
    }
    assert!(
        !url.contains("checksum"),
        "the URL signs a checksum that the client did not send: {url}"
    );
    let headers = json!({ "content-length": "100", "content-type": "image/gif" });
    assert_eq!(signed.body["headers"], headers);

    let id = signed.body["image_id"].as_str().unwrap();
    assert_eq!(shop.see(id).await.body["status"], "AWAITING_UPLOAD");
    shop.resize_image(&shop.upload(id, &picture(60, 30))).await.unwrap();
    let seen = shop.see(id).await.body;
    assert_eq!(seen["status"], "READY");
    assert_eq!(seen["source"]["width"], 60);
    assert_eq!(seen["color"], "#c81e3c");
    let sizes: Vec<_> = seen["variants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| (&v["width"], &v["height"]))
        .collect();
    assert_eq!(
        sizes,
        [(&json!(40), &json!(20)), (&json!(60), &json!(30))],
        "no variant is larger than the source"
    );
    assert_eq!(shop.variants(), shop.recorded_variants(id).await);
    for object in shop.s3.objects(VARIANTS).values() {
        assert_eq!(object.content_type, "image/jpeg");
        assert_eq!(object.cache_control, "public, max-age=31536000, immutable");
        assert!(object.bytes.starts_with(&[0xff, 0xd8]));
    }
    assert_eq!(last_event(&shop, id).await, "ImageResized");
}

#[tokio::test]
async fn bmp_and_tiff_become_variants_as_a_gif_does() {
    for (content_type, format) in [("image/bmp", ImageFormat::Bmp), ("image/tiff", ImageFormat::Tiff)] {
        let shop = ImageFixture::open().await;
        let id = shop.presign("ann", "k", &json!({ "content_type": content_type })).await;
        let event = shop.upload(&id, &picture_as(format, 60, 30));
        shop.resize_image(&event).await.unwrap();
        let seen = shop.see(&id).await.body;
        assert_eq!(
            (&seen["status"], &seen["color"]),
            (&json!("READY"), &json!("#c81e3c")),
            "{seen}"
        );
        assert_eq!(
            (shop.variants(), shop.variants().len()),
            (shop.recorded_variants(&id).await, 2)
        );
        for object in shop.s3.objects(VARIANTS).values() {
            assert_eq!(object.content_type, "image/jpeg");
        }
    }
}

#[tokio::test]
async fn a_heic_is_rejected_with_the_supported_formats() {
    let shop = ImageFixture::open().await;
    let id = shop.presign("ann", "k", &json!({ "content_type": "image/jpeg" })).await;
    let event = shop.upload(&id, b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    shop.resize_image(&event).await.unwrap();
    let refusal = &shop.see(&id).await.body["refusal"];
    assert_eq!(refusal["reason"], "UNSUPPORTED");
    let detail = refusal["detail"].as_str().unwrap();
    assert!(
        detail.contains("upload a JPEG, PNG, WebP, GIF, BMP or TIFF"),
        "{detail}"
    );
}

#[tokio::test]
async fn webp_is_written_beside_jpeg_when_it_is_enabled() {
    let shop = ImageFixture::open().await;
    let id = shop.presign("ann", "k", &json!({})).await;
    let both = vec![Output::Jpeg { quality: 80 }, Output::WebP { quality: 80, effort: 4 }];
    let event = shop.upload(&id, &picture(60, 30));
    shop.resize_image_to(&event, both).await.unwrap();
    let seen = shop.see(&id).await.body;
    let kinds: Vec<_> = seen["variants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| (v["width"].as_u64().unwrap(), v["content_type"].as_str().unwrap()))
        .collect();
    let (jpeg, webp) = ("image/jpeg", "image/webp");
    assert_eq!(kinds, [(40, jpeg), (40, webp), (60, jpeg), (60, webp)]);
    let recorded = shop.recorded_variants(&id).await;
    assert_eq!(shop.variants(), recorded);
    let srcset = |ending: &str| {
        let url = |width| format!("/w{width}.{ending} {width}w");
        (url(40), url(60))
    };
    for (shown, (narrow, wide)) in [
        (seen["srcset"].as_str().unwrap(), srcset("jpg")),
        (seen["sources"][0]["srcset"].as_str().unwrap(), srcset("webp")),
    ] {
        let [first, second] = shown.split(", ").collect::<Vec<_>>()[..] else {
            panic!("{shown}");
        };
        assert!(first.ends_with(&narrow) && second.ends_with(&wide), "{shown}");
    }
    assert_eq!(seen["sources"][0]["content_type"], webp);
    for (key, object) in shop.s3.objects(VARIANTS) {
        assert_eq!(object.content_type == webp, key.ends_with(".webp"));
        assert_eq!(object.bytes.starts_with(b"RIFF"), key.ends_with(".webp"));
    }
}

#[tokio::test]
async fn a_product_shows_its_pictures_and_rejects_those_that_are_not_ready() {
    let shop = ImageFixture::open().await;
    let ready = shop.presign("ann", "ready", &json!({})).await;
    shop.resize_image(&shop.upload(&ready, &picture(60, 30))).await.unwrap();
    let review = shop.presign("ann", "review", &json!({ "purpose": "REVIEW" })).await;
    shop.resize_image(&shop.upload(&review, &picture(60, 30)))
        .await
        .unwrap();
    let waiting = shop.presign("ann", "waiting", &json!({})).await;
    let mut product = product(1000, 1);
    product["images"] = json!([ready]);
    let created = shop.shop.create_product(create_call("tea", "k", &product)).await;
    let shown = (created.status, &created.body["images"]);
    assert_eq!(shown, (201, &json!([ready])), "{created:?}");
    let change = |images: serde_json::Value| {
        let change = update_call("tea", "*", &json!({ "images": images }));
        shop.shop.update_product(change)
    };
    let seen = shop
        .shop
        .get_product(Call::new("GET", "/products/{sku}").path("sku", "tea"))
        .await;
    assert_eq!(seen.body["images"], json!([ready]));

    let nobodys = "5f0c9a2e-6d41-8b3f-a7e8-1c2d3e4f5a6b";
    let many = vec![ready.as_str(); 21];
    for images in [
        &[waiting.as_str()][..],
        &[&review],
        &[nobodys],
        &[&ready, &ready],
        &many,
    ] {
        product["images"] = json!(images);
        let new = shop.shop.create_product(create_call("mug", "mug", &product)).await;
        for refused in [new, change(json!(images)).await] {
            assert_eq!(
                (refused.status, refused.problem()),
                (422, "invalid-product"),
                "{images:?}"
            );
            assert_eq!(refused.body["field"], "images");
        }
    }
    assert_eq!(change(json!(["x"])).await.problem(), "malformed-body");
    shop.delete("ann", &ready).await;
    product["images"] = json!([ready]);
    let new = shop.shop.create_product(create_call("mug", "mug", &product)).await;
    assert_eq!(new.problem(), "invalid-product", "it is deleted");
    let other = shop
        .shop
        .update_product(update_call("tea", "*", &json!({ "name": "Other tea" })))
        .await;
    let kept = (other.status, &other.body["images"]);
    assert_eq!(kept, (200, &json!([ready])), "a field that is not named is not checked");
    assert_eq!(change(json!(null)).await.body["images"], json!([]));
    assert_eq!(
        change(json!([ready])).await.problem(),
        "invalid-product",
        "it is deleted"
    );
}

#[tokio::test]
async fn a_repeated_presign_request_returns_the_first_picture() {
    let shop = ImageFixture::open().await;
    let sum = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let call = presign_call("ann", "k", &json!({ "checksum_sha256": sum }));
    let first = shop.presign_upload(call.clone()).await;
    assert_eq!(first.body["headers"]["x-amz-checksum-sha256"], sum);
    shop.shop.advance(SignedDuration::from_secs(1));
    let again = shop.presign_upload(call).await;
    assert_eq!((again.status, again.replayed), (201, true));
    assert_eq!(again.body["image_id"], first.body["image_id"]);
    let other = shop.presign_upload(presign_call("ann", "k", &json!({}))).await;
    assert_eq!(other.problem(), "idempotency-key-reused");
    let bobs = shop.presign_upload(presign_call("bob", "k", &json!({}))).await;
    assert_ne!(bobs.body["image_id"], first.body["image_id"]);
    assert_eq!(shop.shop.engine.count(IMAGES).await, 2);
}

#[tokio::test]
async fn each_invalid_upload_request_is_rejected_before_anything_is_written() {
    let shop = ImageFixture::open().await;
    for (more, status, problem) in [
        (json!({ "content_type": "image/svg+xml" }), 415, "image-type-not-taken"),
        (json!({ "content_length": 0 }), 422, "image-length-not-taken"),
        (json!({ "content_length": 31_457_281 }), 422, "image-length-not-taken"),
        (json!({ "checksum_sha256": "abc" }), 400, "invalid-parameter"),
        (json!({ "purpose": "SPAM" }), 400, "malformed-body"),
        (
            json!({ "replaces": "5f0c9a2e-6d41-8b3f-a7e8-1c2d3e4f5a6b" }),
            404,
            "not-found",
        ),
    ] {
        let answer = shop.presign_upload(presign_call("ann", "k", &more)).await;
        assert_eq!((answer.status, answer.problem()), (status, problem), "{more}");
    }
    assert_eq!(shop.shop.engine.count(IMAGES).await, 0);
    let nobody = Call::new("POST", "/images").key("k").json(&json!({}));
    assert_eq!(shop.presign_upload(nobody).await.problem(), "unauthenticated");
}

#[tokio::test]
async fn the_newest_upload_wins_whatever_the_order_of_the_events() {
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1], [0, 2, 1], [1, 2, 0]] {
        let shop = ImageFixture::open().await;
        let id = shop.presign("ann", "k", &json!({})).await;
        let sizes = [(60, 30), (30, 60), (90, 45)];
        let events = sizes.map(|(width, height)| shop.upload(&id, &picture(width, height)));
        for number in order.into_iter().chain(order) {
            shop.resize_image(&events[number]).await.unwrap();
        }
        assert_eq!(shop.see(&id).await.body["source"]["width"], 90, "{order:?}");
        assert_eq!(shop.variants(), shop.recorded_variants(&id).await, "{order:?}");
        assert_eq!(shop.variants().len(), 2);
    }
}

#[tokio::test]
async fn an_upload_during_processing_replaces_the_first() {
    let shop = ImageFixture::open().await;
    let id = shop.presign("ann", "k", &json!({})).await;
    for size in [(60, 30), (30, 60)] {
        shop.resize_image(&shop.upload(&id, &picture(size.0, size.1)))
            .await
            .unwrap();
    }
    assert_eq!(shop.see(&id).await.body["source"]["height"], 60);
    assert_eq!(
        shop.variants(),
        shop.recorded_variants(&id).await,
        "the first upload's variants are deleted"
    );
}

#[tokio::test]
async fn the_same_event_twice_at_once_writes_one_record_and_its_variants() {
    let shop = ImageFixture::open().await;
    let id = shop.presign("ann", "k", &json!({})).await;
    let event = shop.upload(&id, &picture(60, 30));
    let (a, b, c) = futures::join!(
        shop.resize_image(&event),
        shop.resize_image(&event),
        shop.resize_image(&event)
    );
    for run in [a, b, c] {
        run.unwrap();
    }
    assert_eq!(shop.variants(), shop.recorded_variants(&id).await);
    assert_eq!(shop.variants().len(), 2);
}

#[tokio::test]
async fn an_unusable_upload_is_rejected_and_never_retried() {
    let shop = ImageFixture::open().await;
    let gif = picture(60, 30);
    let mut vast = gif.clone();
    vast[6..10].fill(0xff);
    for (number, (bytes, reason)) in [
        (&b"%PDF-1.7"[..], "UNSUPPORTED"),
        (&[][..], "NOT_AN_IMAGE"),
        (&[0; 4096][..], "NOT_AN_IMAGE"),
        (&gif[..gif.len() / 2], "TRUNCATED"),
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\0\0\0\0",
            "WRONG_TYPE",
        ),
        (&vast[..], "TOO_MANY_PIXELS"),
    ]
    .into_iter()
    .enumerate()
    {
        let id = shop.presign("ann", &format!("k{number}"), &json!({})).await;
        shop.resize_image(&shop.upload(&id, bytes)).await.unwrap();
        let seen = shop.see(&id).await.body;
        assert_eq!(
            (&seen["status"], &seen["refusal"]["reason"]),
            (&json!("REJECTED"), &json!(reason)),
            "{seen}"
        );
        assert_eq!(last_event(&shop, &id).await, "ImageRejected");
    }
    assert_eq!(shop.variants(), Vec::<String>::new());
}

#[tokio::test]
async fn an_upload_that_is_too_large_is_rejected_unread() {
    let shop = ImageFixture::open().await;
    let id = shop.presign("ann", "k", &json!({})).await;
    let mut event = shop.upload(&id, b"GIF89a");
    event["detail"]["object"]["size"] = json!(31_457_281);
    shop.s3.plan("GET", 500);
    shop.resize_image(&event).await.unwrap();
    assert_eq!(shop.see(&id).await.body["refusal"]["reason"], "TOO_LARGE");
}

#[tokio::test]
async fn a_temporary_fault_is_an_error_and_the_retry_succeeds() {
    for (method, status) in [("GET", 503), ("PUT", 503), ("GET", 403)] {
        let shop = ImageFixture::open().await;
        let id = shop.presign("ann", "k", &json!({})).await;
        let event = shop.upload(&id, &picture(60, 30));
        // More faults than the SDK retries, for two concurrent variants.
        for _ in 0..6 {
            shop.s3.plan(method, status);
        }
        let mut failures = 0;
        while let Err(error) = shop.resize_image(&event).await {
            assert!(matches!(error, Error::Unavailable { .. }) || status == 403, "{error:?}");
            assert_eq!(shop.see(&id).await.body["status"], "AWAITING_UPLOAD");
            failures += 1;
        }
        assert!(failures > 0, "{method} {status}");
        assert_eq!(shop.see(&id).await.body["status"], "READY");
        assert_eq!(shop.variants(), shop.recorded_variants(&id).await);
    }
}

#[tokio::test]
async fn a_lost_response_of_the_table_changes_nothing() {
    let shop = ImageFixture::open().await;
    shop.shop.engine.faults.plan("PutItem", Fault::LoseAnswer);
    let id = shop.presign("ann", "k", &json!({})).await;
    shop.shop.engine.faults.plan("PutItem", Fault::LoseAnswer);
    shop.resize_image(&shop.upload(&id, &picture(60, 30))).await.unwrap();
    assert_eq!(shop.see(&id).await.body["status"], "READY");
    assert_eq!(shop.variants(), shop.recorded_variants(&id).await);
}

#[tokio::test]
async fn a_deleted_picture_keeps_its_record_but_no_object() {
    let shop = ImageFixture::open().await;
    let id = shop.presign("ann", "k", &json!({})).await;
    let event = shop.upload(&id, &picture(60, 30));
    shop.resize_image(&event).await.unwrap();
    assert_eq!(shop.delete("bob", &id).await.problem(), "not-found");
    assert_eq!(shop.variants().len(), 2);
    let deleted = shop.delete("ann", &id).await;
    assert_eq!((deleted.status, &deleted.body["status"]), (200, &json!("DELETED")));
    let again = shop.delete("ann", &id).await;
    assert_eq!((again.status, &again.body), (200, &deleted.body));
    assert_eq!(shop.see(&id).await.body, deleted.body, "one body for each answer");
    let text = deleted.body.to_string();
    assert!(
        !text.contains("ann") && !text.contains("key") && !text.contains("sequencer"),
        "{text}"
    );
    shop.purge_deleted().await.unwrap();
    assert!(shop.variants().is_empty() && shop.s3.objects(UPLOADS).is_empty());
    assert_eq!(shop.see(&id).await.body["status"], "DELETED");
    assert_eq!(last_event(&shop, &id).await, "ImageDeleted");

    let again = shop.presign_upload(presign_call("ann", "k", &json!({}))).await;
    assert_eq!((again.status, again.replayed), (201, true));
    let late = shop.upload(&id, &picture(30, 60));
    shop.resize_image(&late).await.unwrap();
    shop.resize_image(&event).await.unwrap();
    assert!(shop.variants().is_empty() && shop.s3.objects(UPLOADS).is_empty());
    assert_eq!(shop.see(&id).await.body["status"], "DELETED");
}

#[tokio::test]
async fn an_administrator_deletes_any_picture_and_nobody_else_does() {
    let shop = ImageFixture::open().await;
    let id = shop.presign("ann", "k", &json!({})).await;
    let call = || Call::new("DELETE", "/images/{image_id}").path("image_id", &id);
    assert_eq!(shop.delete_image(call()).await.problem(), "unauthenticated");
    assert_eq!(shop.delete_image(call().by("bob")).await.problem(), "not-found");
    assert_eq!(shop.see(&id).await.body["status"], "AWAITING_UPLOAD");
    assert_eq!(shop.delete_image(call().by_admin()).await.body["status"], "DELETED");
    // Its caller is no administrator any more.
    assert_eq!(shop.delete_image(call().by("the-admin")).await.problem(), "not-found");
}

#[tokio::test]
async fn an_interrupted_purge_is_finished_by_its_retry() {
    let shop = ImageFixture::open().await;
    let id = shop.presign("ann", "k", &json!({})).await;
    shop.resize_image(&shop.upload(&id, &picture(60, 30))).await.unwrap();
    for _ in 0..3 {
        shop.s3.plan("POST", 503);
    }
    assert_eq!(shop.delete("ann", &id).await.status, 200);
    shop.purge_deleted().await.unwrap_err();
    assert_eq!((shop.variants().len(), shop.recorded_variants(&id).await.len()), (2, 0));
    shop.purge_deleted().await.unwrap();
    assert!(shop.variants().is_empty());
}

#[tokio::test]
async fn variants_of_a_run_that_crashed_before_its_record_are_deleted_with_the_next_change() {
    for next in ["a newer upload", "its deletion", "its deletion, and its retry"] {
        let shop = ImageFixture::open().await;
        let id = shop.presign("ann", "k", &json!({})).await;
        let event = shop.upload(&id, &picture(60, 30));
        let sequencer = event["detail"]["object"]["sequencer"].as_str().unwrap();
        shop.s3.upload(VARIANTS, &format!("{id}/{sequencer}/w40.jpg"), b"x");
        if next == "a newer upload" {
            shop.resize_image(&shop.upload(&id, &picture(30, 60))).await.unwrap();
        } else {
            assert_eq!(shop.delete("ann", &id).await.status, 200);
            if next == "its deletion" {
                shop.purge_deleted().await.unwrap();
            } else {
                shop.resize_image(&event).await.unwrap();
            }
        }
        assert_eq!(shop.variants(), shop.recorded_variants(&id).await, "{next}");
    }
}

#[tokio::test]
async fn a_picture_with_more_variants_than_one_list_page_is_purged_completely() {
    let shop = ImageFixture::open().await;
    let id = shop.presign("ann", "k", &json!({})).await;
    for number in 0..2100 {
        let key = format!("{id}/{number:06X}/w40.jpg");
        shop.s3.upload(VARIANTS, &key, b"x");
    }
    let others = format!("{}/000001/w40.jpg", shop.presign("bob", "k", &json!({})).await);
    shop.s3.upload(VARIANTS, &others, b"x");
    shop.delete("ann", &id).await;
    shop.purge_deleted().await.unwrap();
    assert_eq!(shop.variants(), [others]);
}

#[tokio::test]
async fn a_replaced_picture_is_deleted_only_after_the_new_one_is_ready() {
    let shop = ImageFixture::open().await;
    let old = shop.presign("ann", "old", &json!({})).await;
    shop.resize_image(&shop.upload(&old, &picture(60, 30))).await.unwrap();
    let replacing = json!({ "replaces": old });
    let bobs = shop.presign_upload(presign_call("bob", "k", &replacing)).await;
    assert_eq!(bobs.problem(), "not-found");

    let broken = shop.presign("ann", "broken", &replacing).await;
    shop.resize_image(&shop.upload(&broken, b"%PDF")).await.unwrap();
    assert_eq!(shop.see(&old).await.body["status"], "READY", "it is not replaced yet");

    let new = shop.presign("ann", "new", &replacing).await;
    shop.resize_image(&shop.upload(&new, &picture(30, 60))).await.unwrap();
    shop.purge_deleted().await.unwrap();
    assert_eq!(shop.see(&old).await.body["status"], "DELETED");
    assert_eq!(shop.variants(), shop.recorded_variants(&new).await);
}

#[tokio::test]
async fn an_event_about_an_unknown_object_is_ignored() {
    let shop = ImageFixture::open().await;
    for key in ["raw/readme.txt", "raw/5f0c9a2e-6d41-8b3f-a7e8-1c2d3e4f5a6b"] {
        let event: Value = shop.s3.upload(UPLOADS, key, b"x");
        shop.resize_image(&event).await.unwrap();
    }
    assert_eq!(shop.shop.engine.count(IMAGES).await, 0);
    assert_eq!(shop.see("x").await.problem(), "not-found");
}

#[tokio::test]
async fn an_image_may_be_reused_for_a_minute_once_it_is_processed() {
    let shop = ImageFixture::open().await;
    let id = shop.presign("ann", "k", &json!({})).await;
    let waiting = shop.see(&id).await;
    assert_eq!(
        waiting.header("cache-control"),
        "no-cache",
        "a page asks until it is processed"
    );
    shop.resize_image(&shop.upload(&id, &picture(80, 60))).await.unwrap();
    let ready = shop.see(&id).await;
    assert_eq!(ready.header("cache-control"), "public, max-age=60");
    let etag = ready.header("etag").to_owned();
    assert_ne!(etag, waiting.header("etag"));
    let unchanged = || {
        Call::new("GET", "/images/{image_id}")
            .path("image_id", &id)
            .header("if-none-match", &etag)
    };
    assert_eq!(shop.get_image(unchanged()).await.status, 304);
    shop.delete("ann", &id).await;
    let deleted = shop.get_image(unchanged()).await;
    assert_eq!((deleted.status, &deleted.body["status"]), (200, &"DELETED".into()));
}
