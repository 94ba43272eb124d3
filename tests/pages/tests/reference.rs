//! The API reference in a browser: searched by keyboard, complete, readable in both color schemes and on a phone.
#![allow(clippy::unwrap_used, reason = "a panic fails the test and names the line")]

use local_cloud::Pages;
use pages::{Browser, Scheme, key};
use structure::repository;
use yaml_serde::Value;

/// WCAG 2.2, success criterion 1.4.3.
const MIN_CONTRAST: f64 = 4.5;

/// Opens the page in a new browser and runs `test`. The page may write nothing to the console.
fn with_page(test: impl FnOnce(&Browser)) {
    let pages = Pages::serve(&repository::root()).unwrap();
    let Some(browser) = Browser::open().unwrap() else {
        return;
    };
    browser.go(&pages.reference()).unwrap();
    test(&browser);
    assert_eq!(browser.console().unwrap(), [""; 0]);
}

/// The ids of the operations and the names of the events in the API description.
fn described() -> (Vec<String>, Vec<String>) {
    let document: Value = yaml_serde::from_str(&repository::read("infra/openapi.yaml")).unwrap();
    let operations = document["paths"].as_mapping().unwrap().values();
    let operations = operations.flat_map(|path| path.as_mapping().unwrap().values());
    let operations = operations.filter_map(|operation| operation.get("operationId"));
    let operations: Vec<String> = operations.map(|id| id.as_str().unwrap().to_owned()).collect();
    let events = document["webhooks"].as_mapping().unwrap().keys();
    let events: Vec<String> = events.map(|name| name.as_str().unwrap().to_owned()).collect();
    assert!(!operations.is_empty() && !events.is_empty());
    (operations, events)
}

/// Whether the section with this anchor is open: named by the address, and its heading within the window.
fn is_open(anchor: &str) -> String {
    format!(
        "const heading = document.querySelector('#' + CSS.escape('{anchor}') + ' h3');
         const {{ top, bottom }} = heading.getBoundingClientRect();
         return location.hash === '#{anchor}' && top >= 0 && bottom <= innerHeight;"
    )
}

fn search(browser: &Browser, text: &str, anchor: &str) {
    browser.fill("#query", text).unwrap();
    browser.press(key::ENTER).unwrap();
    browser.wait_until(&is_open(anchor)).unwrap();
}

#[test]
fn each_operation_and_each_event_is_found_by_its_name() {
    with_page(|browser| {
        let (operations, events) = described();
        for id in operations {
            search(browser, &id, &id);
        }
        for name in events {
            search(browser, &name, &format!("event-{name}"));
        }
    });
}

#[test]
fn each_operation_is_found_by_its_method_and_path() {
    with_page(|browser| {
        let document: Value = yaml_serde::from_str(&repository::read("infra/openapi.yaml")).unwrap();
        for (path, methods) in document["paths"].as_mapping().unwrap() {
            for (method, operation) in methods.as_mapping().unwrap() {
                let Some(id) = operation.get("operationId") else {
                    continue;
                };
                let (method, path) = (method.as_str().unwrap(), path.as_str().unwrap());
                search(
                    browser,
                    &format!("{} {path}", method.to_uppercase()),
                    id.as_str().unwrap(),
                );
            }
        }
    });
}

#[test]
fn the_search_is_usable_by_keyboard_alone() {
    with_page(|browser| {
        browser.press(key::TAB).unwrap();
        browser
            .wait_until("return document.activeElement.className === 'skip'")
            .unwrap();
        browser.press("/order").unwrap();
        browser
            .wait_until("return document.activeElement.id === 'query' && document.activeElement.value === 'order'")
            .unwrap();
        let second = "return document.querySelectorAll('#results li')[1].getAttribute('aria-selected') === 'true'
            && document.activeElement.getAttribute('aria-activedescendant') === 'result-1'";
        browser.press(key::DOWN).unwrap();
        browser.wait_until(second).unwrap();
        let target = browser
            .run("return document.querySelectorAll('#results a')[1].hash.slice(1)")
            .unwrap();
        browser.press(key::ENTER).unwrap();
        browser.wait_until(&is_open(target.as_str().unwrap())).unwrap();
        browser.press(key::ESCAPE).unwrap();
        let cleared =
            "return document.querySelector('#query').value === '' && document.querySelector('#results').hidden
            && !document.querySelector('nav').hidden";
        browser.wait_until(cleared).unwrap();
    });
}

#[test]
fn a_search_without_a_result_says_so() {
    with_page(|browser| {
        browser.fill("#query", "zzzzqqqq").unwrap();
        browser
            .wait_until("return document.querySelector('#count').textContent === 'No results'")
            .unwrap();
        assert_eq!(
            browser
                .run("return document.querySelectorAll('#results li').length")
                .unwrap(),
            0
        );
    });
}

#[test]
fn the_fields_of_a_shared_schema_are_shown_where_it_is_used() {
    with_page(|browser| {
        // All of them, also those within the copied fields, three levels deep.
        let opened = "for (let level = 0; level < 3; level++) {
                document.querySelectorAll('main > section[data-kind=operation] [data-fields]').forEach((part) => {
                    part.open = true;
                    part.dispatchEvent(new Event('toggle'));
                });
            }
            const parts = Array.from(document.querySelectorAll('main > section[data-kind=operation] [data-fields][open]'));
            return [parts.length, parts.filter((part) => part.children.length < 2).map((part) => part.dataset.fields)];";
        let opened = browser.run(opened).unwrap();
        assert!(opened[0].as_u64().unwrap() > 50, "{opened}");
        assert_eq!(opened[1], serde_json::json!([]), "no fields");
        assert_eq!(browser.run("return document.querySelectorAll('main [id]').length - new Set(Array.from(document.querySelectorAll('main [id]'), (one) => one.id)).size").unwrap(), 0);
    });
}

#[test]
fn a_phone_needs_no_horizontal_scrolling() {
    with_page(|browser| {
        browser.resize(375, 700).unwrap();
        let width = "return document.documentElement.scrollWidth";
        assert_eq!(browser.run(width).unwrap(), 375);
        browser
            .run("document.querySelectorAll('main details').forEach((part) => { part.open = true; })")
            .unwrap();
        browser.wait_until("return Array.from(document.querySelectorAll('main [data-fields]')).some((part) => part.children.length > 1)").unwrap();
        assert_eq!(browser.run(width).unwrap(), 375, "with everything open");
        let wide = "return Array.from(document.querySelectorAll('main *')).filter((element) => !element.closest('pre')
            && element.getBoundingClientRect().right > 375).slice(0, 5).map((element) => element.outerHTML.slice(0, 200))";
        assert_eq!(browser.run(wide).unwrap(), serde_json::json!([]));
    });
}

#[test]
fn a_phone_shows_the_contents_behind_a_button() {
    with_page(|browser| {
        browser.resize(375, 700).unwrap();
        let is_shown = "return document.querySelector('aside').getClientRects().length > 0";
        assert_eq!(browser.run(is_shown).unwrap(), false);
        browser.click("#menu").unwrap();
        assert_eq!(browser.run(is_shown).unwrap(), true);
        let (operations, _) = described();
        search(browser, &operations[0], &operations[0]);
        assert_eq!(
            browser.run(is_shown).unwrap(),
            false,
            "it closes when a result is opened"
        );
        assert_eq!(browser.run("return document.documentElement.scrollWidth").unwrap(), 375);
    });
}

/// The lowest contrasts of text to its background, each with its class and text.
const CONTRASTS: &str = "
    const parts = (color) => color.match(/[\\d.]+/g).map(Number);
    const luminance = (color) => {
        const [red, green, blue] = parts(color).map((part) => {
            const value = part / 255;
            return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const background = (element) => {
        for (let one = element; one; one = one.parentElement) {
            const color = getComputedStyle(one).backgroundColor;
            if (parts(color)[3] !== 0) return color;
        }
        return 'rgb(255, 255, 255)';
    };
    const found = new Map();
    const isText = (node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim();
    for (const element of document.querySelectorAll('body *')) {
        if (!Array.from(element.childNodes).some(isText) || !element.getClientRects().length) continue;
        const [text, page] = [luminance(getComputedStyle(element).color), luminance(background(element))];
        const contrast = (Math.max(text, page) + 0.05) / (Math.min(text, page) + 0.05);
        const name = element.tagName + '.' + element.className;
        if (!found.has(name) || found.get(name) > contrast) found.set(name, contrast);
    }
    return Array.from(found).sort((one, other) => one[1] - other[1]).slice(0, 10);";

#[test]
fn text_has_enough_contrast_in_both_color_schemes() {
    with_page(|browser| {
        let mut pages = Vec::new();
        for scheme in [Scheme::Light, Scheme::Dark] {
            browser.prefer(scheme).unwrap();
            browser.fill("#query", "order").unwrap();
            let contrasts = browser.run(CONTRASTS).unwrap();
            let lowest = contrasts[0][1].as_f64().unwrap();
            assert!(lowest >= MIN_CONTRAST, "{scheme:?}: {contrasts}");
            pages.push(
                browser
                    .run("return getComputedStyle(document.body).backgroundColor")
                    .unwrap(),
            );
        }
        assert_ne!(pages[0], pages[1], "the schemes have different colors");
    });
}
