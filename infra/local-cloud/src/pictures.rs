//! Pictures: a photo that is drawn, and its way into the shop as a customer's page sends it.

use anyhow::{Context, Result};
use jpeg_encoder::{ColorType, Encoder};
use serde_json::{Value, json};

use crate::api::{Answer, Api, Call};
use crate::stack::Stack;

/// Prints as JSON what lies in `argv[2]` of the bucket `argv[1]`; `argv[3]` and on: region, keys, endpoint.
const LIST: &str = "\
import boto3, json, sys
bucket, prefix, region, access, secret, token, endpoint = sys.argv[1:]
s3 = boto3.client('s3', region_name=region, aws_access_key_id=access, aws_secret_access_key=secret,
                  aws_session_token=token or None, endpoint_url=endpoint or None)
found = []
for page in s3.get_paginator('list_objects_v2').paginate(Bucket=bucket, Prefix=prefix):
    for item in page.get('Contents', []):
        head = s3.head_object(Bucket=bucket, Key=item['Key'])
        found.append({'key': item['Key'], 'bytes': head['ContentLength'], 'content_type': head['ContentType'],
                      'cache_control': head.get('CacheControl', '')})
print(json.dumps(found))
";

/// A JPEG of a landscape that nobody has photographed: hills behind hills in the morning, with some grain.
///
/// # Errors
/// When it is too large for a JPEG.
pub fn landscape(width: u16, height: u16) -> Result<Vec<u8>> {
    let (w, h) = (u32::from(width), u32::from(height));
    let mut rgb = Vec::with_capacity((w * h * 3) as usize);
    let mut grain = 1u32;
    // The outline of each hill, from the farthest: integers only, this may run unoptimised.
    let outlines: Vec<Vec<u32>> = (1..=4).map(|hill| outline(w, h, hill)).collect();
    for y in 0..h {
        for x in 0..w {
            grain = grain.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (grain >> 28) as u8;
            let hills = outlines.iter().filter(|outline| y > outline[x as usize]).count() as u8;
            let sky = (y * 90 / h) as u8;
            let base = match hills {
                0 => [120 + sky, 150 + sky, 235 - sky / 2],
                hills => [130 - 25 * hills, 160 - 22 * hills, 150 - 30 * hills],
            };
            rgb.extend(base.map(|c| c.saturating_add(noise)));
        }
    }
    let mut jpeg = Vec::new();
    Encoder::new(&mut jpeg, 92)
        .encode(&rgb, width, height, ColorType::Rgb)
        .context("cannot draw a landscape")?;
    Ok(jpeg)
}

/// A row of the picture for each column: two waves of parabolas.
fn outline(width: u32, height: u32, hill: u32) -> Vec<u32> {
    let wave = |x: u32, length: u32, depth: u32| {
        let at = x % length;
        depth * 4 * at / length * (length - at) / length
    };
    let rises = |x| wave(x + 170 * hill, width / (hill + 1), height / 7) + wave(x, width / (9 + hill), height / 40);
    let foot = height * (2 + hill) / 6;
    (0..width).map(|x| foot.saturating_sub(rises(x))).collect()
}

/// Announces a picture of a listing; `more` joins the body.
///
/// # Errors
/// When the API does not answer.
pub fn announce(api: &Api, token: &str, key: &str, picture: &[u8], more: &Value) -> Result<Answer> {
    let mut body = json!({ "content_type": "image/jpeg", "content_length": picture.len(), "purpose": "LISTING" });
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.clone());
    }
    api.call("POST", "/images").token(token).key(key).json(&body).send()
}

/// The upload of `picture` to where `signed` says, as it says; nothing is sent yet.
///
/// # Errors
/// When `signed` is not what the API answers.
pub fn upload(api: &Api, signed: &Value, picture: &[u8]) -> Result<Call> {
    let url = signed["url"].as_str().with_context(|| format!("no url in {signed}"))?;
    let mut call = api.elsewhere("PUT", url).body(picture);
    for (name, value) in signed["headers"].as_object().into_iter().flatten() {
        // The client counts the bytes itself, as a browser does.
        if name != "content-length" {
            call = call.header(name, value.as_str().unwrap_or_default());
        }
    }
    Ok(call)
}

/// What lies below `prefix` in the stack's bucket that the output `bucket` names.
///
/// # Errors
/// When S3 refuses.
pub fn objects(stack: &Stack, bucket: &str, prefix: &str) -> Result<Vec<Value>> {
    let name = stack
        .outputs
        .get(bucket)
        .with_context(|| format!("no output {bucket}"))?;
    let credentials = stack.credentials();
    let token = credentials.session_token.as_deref().unwrap_or_default();
    let endpoint = stack.endpoint().unwrap_or_default();
    let (access, secret) = (&*credentials.access_key, &*credentials.secret_key);
    let listed = stack.python(
        LIST,
        &[name, prefix, stack.region(), access, secret, token, endpoint],
        &[],
    )?;
    serde_json::from_str(&listed).with_context(|| format!("not a list: {listed}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_landscape_is_a_jpeg_of_that_size() {
        let jpeg = landscape(640, 480).unwrap();
        assert!(jpeg.starts_with(&[0xff, 0xd8, 0xff]) && jpeg.ends_with(&[0xff, 0xd9]));
        let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        assert_eq!(jpeg[frame + 5..frame + 9], [1, 224, 2, 128], "480 by 640");
    }
}
