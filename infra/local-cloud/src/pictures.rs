//! Pictures: generates a photo and uploads it as a customer's page does.

use anyhow::{Context, Result};
use jpeg_encoder::{ColorType, Encoder};
use serde_json::{Value, json};

use crate::api::{Answer, Api, Call};
use crate::stack::Stack;

/// Prints the objects of a bucket as JSON. Arguments: bucket, prefix.
const LIST: &str = "\
import boto3, json, sys
bucket, prefix = sys.argv[1:]
s3 = boto3.client('s3')
found = []
for page in s3.get_paginator('list_objects_v2').paginate(Bucket=bucket, Prefix=prefix):
    for item in page.get('Contents', []):
        try:
            head = s3.head_object(Bucket=bucket, Key=item['Key'])
        except s3.exceptions.ClientError as error:
            if error.response['Error']['Code'] != '404':
                raise
            continue  # Deleted since it was listed.
        found.append({'key': item['Key'], 'bytes': head['ContentLength'], 'content_type': head['ContentType'],
                      'cache_control': head.get('CacheControl', '')})
print(json.dumps(found))
";

/// Generates a JPEG of a landscape: sky, rows of hills, and noise like a photo's.
///
/// # Errors
/// When the size is too large for a JPEG.
pub fn landscape(width: u16, height: u16) -> Result<Vec<u8>> {
    let (w, h) = (u32::from(width), u32::from(height));
    let mut rgb = Vec::with_capacity((w * h * 3) as usize);
    let mut noise_state = 1u32;
    // Outlines from the farthest hill to the nearest. Integer arithmetic is fast even without optimization.
    let outlines: Vec<Vec<u32>> = (1..=4).map(|hill| outline(w, h, hill)).collect();
    for y in 0..h {
        for x in 0..w {
            noise_state = noise_state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (noise_state >> 28) as u8;
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
        .context("cannot encode the landscape")?;
    Ok(jpeg)
}

/// The top row of a hill for each column: the sum of two waves of parabolas.
fn outline(width: u32, height: u32, hill: u32) -> Vec<u32> {
    let wave = |x: u32, length: u32, depth: u32| {
        let at = x % length;
        depth * 4 * at / length * (length - at) / length
    };
    let rises = |x| wave(x + 170 * hill, width / (hill + 1), height / 7) + wave(x, width / (9 + hill), height / 40);
    let foot = height * (2 + hill) / 6;
    (0..width).map(|x| foot.saturating_sub(rises(x))).collect()
}

/// Requests an upload of a listing's picture. The fields of `more` are added to the body.
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

/// The upload of `picture` with the URL and the headers of `signed`, the API's answer. [`Call::send`] sends it.
///
/// # Errors
/// When `signed` has no `url`.
pub fn upload(api: &Api, signed: &Value, picture: &[u8]) -> Result<Call> {
    let url = signed["url"]
        .as_str()
        .with_context(|| format!("the answer has no url: {signed}"))?;
    let mut call = api.call_url("PUT", url).body(picture);
    for (name, value) in signed["headers"].as_object().into_iter().flatten() {
        // The HTTP client sets this header itself, as a browser does.
        if name != "content-length" {
            call = call.header(name, value.as_str().unwrap_or_default());
        }
    }
    Ok(call)
}

/// The objects below `prefix` in a bucket. `bucket` is the stack's output with the bucket's name.
///
/// # Errors
/// When S3 returns an error.
pub fn objects(stack: &Stack, bucket: &str, prefix: &str) -> Result<Vec<Value>> {
    let name = stack
        .outputs
        .get(bucket)
        .with_context(|| format!("the stack has no output {bucket}"))?;
    let listed = stack.python(LIST, &[name, prefix], &[])?;
    serde_json::from_str(&listed).with_context(|| format!("not a list: {listed}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_landscape_is_a_jpeg_of_the_requested_size() {
        let jpeg = landscape(640, 480).unwrap();
        assert!(jpeg.starts_with(&[0xff, 0xd8, 0xff]) && jpeg.ends_with(&[0xff, 0xd9]));
        let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        assert_eq!(jpeg[frame + 5..frame + 9], [1, 224, 2, 128], "480 by 640");
    }
}
