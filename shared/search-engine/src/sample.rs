//! Made-up documents for tests and benchmarks: the same number always makes the same document.

use crate::document::{Document, Price, Title};

const PLACES: [&str; 24] = [
    "서울",
    "부산",
    "대구",
    "인천",
    "광주",
    "대전",
    "울산",
    "세종",
    "제주",
    "강릉",
    "전주",
    "경주",
    "여수",
    "춘천",
    "수원",
    "통영",
    "홍대",
    "강남",
    "잠실",
    "성수",
    "한남",
    "이태원",
    "해운대",
    "광화문",
];
const WORDS: [&str; 56] = [
    "재즈",
    "클래식",
    "뮤지컬",
    "연극",
    "콘서트",
    "페스티벌",
    "전시",
    "사진전",
    "오페라",
    "발레",
    "국악",
    "판소리",
    "힙합",
    "인디",
    "록",
    "발라드",
    "트로트",
    "합창",
    "독주회",
    "리사이틀",
    "오케스트라",
    "교향곡",
    "팬미팅",
    "토크쇼",
    "코미디",
    "마술",
    "서커스",
    "가방",
    "운동화",
    "셔츠",
    "청바지",
    "코트",
    "목걸이",
    "시계",
    "안경",
    "모자",
    "양말",
    "머그컵",
    "텀블러",
    "노트북",
    "키보드",
    "이어폰",
    "스피커",
    "카메라",
    "렌즈",
    "삼각대",
    "책상",
    "의자",
    "조명",
    "러그",
    "커튼",
    "화분",
    "과자",
    "커피",
    "녹차",
    "꿀",
];
const STYLES: [&str; 20] = [
    "겨울밤의",
    "한여름",
    "특별한",
    "마지막",
    "새로운",
    "작은",
    "푸른",
    "빈티지",
    "한정판",
    "앵콜",
    "첫번째",
    "우리들의",
    "오후의",
    "도시",
    "달빛",
    "봄날",
    "정기",
    "신년",
    "송년",
    "가족",
];
const ENGLISH: [&str; 40] = [
    "Jazz",
    "Night",
    "Festival",
    "Live",
    "Concert",
    "Blue",
    "Note",
    "Winter",
    "Summer",
    "Classic",
    "Orchestra",
    "Limited",
    "Edition",
    "Vintage",
    "Leather",
    "Sneakers",
    "Camera",
    "Studio",
    "Acoustic",
    "Symphony",
    "Gallery",
    "Moonlight",
    "Encore",
    "Tour",
    "Special",
    "Collection",
    "Premium",
    "Wireless",
    "Keyboard",
    "Original",
    "Season",
    "Garden",
    "Ocean",
    "Velvet",
    "Silver",
    "Golden",
    "Midnight",
    "Morning",
    "Street",
    "Market",
];
const FAMILY_NAMES: [&str; 16] = [
    "김", "이", "박", "최", "정", "강", "조", "윤", "장", "임", "한", "오", "서", "신", "권", "황",
];
const GIVEN_NAMES: [&str; 28] = [
    "민", "서", "지", "현", "우", "준", "하", "은", "도", "윤", "예", "주", "수", "영", "진", "호", "연", "아", "원",
    "경", "희", "재", "성", "동", "혁", "유", "나", "라",
];
const BRANDS: [&str; 20] = [
    "블루노트",
    "세종문화회관",
    "예술의전당",
    "롯데콘서트홀",
    "올림픽공원",
    "무신사",
    "나이키",
    "아디다스",
    "소니",
    "캐논",
    "Samsung",
    "LG",
    "Apple",
    "Bose",
    "Leica",
    "Muji",
    "Ikea",
    "Fritz",
    "다방",
    "한빛",
];
const CATEGORIES: [&str; 10] = [
    "performance/music/jazz",
    "performance/music/classic",
    "performance/theater",
    "performance/festival",
    "goods/fashion/shoes",
    "goods/fashion/bags",
    "goods/digital/audio",
    "goods/digital/camera",
    "goods/home",
    "goods/food",
];
const KINDS: [&str; 3] = ["PRODUCT", "EVENT", "AUCTION"];

/// 2025-01-01T00:00:00Z in milliseconds.
const START: i64 = 1_735_689_600_000;
const TWO_YEARS: u64 = 63_072_000_000;

/// A document with a Korean title, and for every third one an English title.
pub fn document(number: u64) -> Document {
    let mut random = Random::new(number);
    let id = format!(
        "{:08x}-{:04x}-{:04x}",
        random.next() as u32,
        random.next() as u16,
        number as u32
    );
    let created_at = START + (random.next() % TWO_YEARS) as i64;
    let mut titles = vec![Title {
        language: "ko".into(),
        text: korean_title(&mut random),
    }];
    if random.below(3) == 0 {
        titles.push(Title {
            language: "en".into(),
            text: english_title(&mut random),
        });
    }
    Document {
        kind: random.pick(&KINDS).into(),
        id,
        version: 1 + random.below(3) as u64,
        titles,
        aliases: vec![],
        names: vec![random.pick(&BRANDS).into()],
        categories: vec![random.pick(&CATEGORIES).into()],
        price: Some(Price {
            amount: (1 + random.below(3000) as u64) * 100,
            currency: "KRW".into(),
        }),
        created_at,
        updated_at: created_at,
        visible: true,
        payload: vec![],
    }
}

/// A title in Korean, with an English word or a number in some.
fn korean_title(random: &mut Random) -> String {
    let mut words: Vec<String> = vec![];
    if random.below(3) == 0 {
        words.push(random.pick(&PLACES).into());
    }
    if random.below(2) == 0 {
        words.push(random.pick(&STYLES).into());
    }
    if random.below(4) == 0 {
        words.push(person(random));
    }
    if random.below(4) == 0 {
        words.push(random.pick(&ENGLISH).into());
    }
    words.push(random.pick(&WORDS).into());
    if random.below(2) == 0 {
        words.push(random.pick(&WORDS).into());
    }
    match random.below(8) {
        0 => words.push("2026".into()),
        1 => words.push(format!("{}차", 1 + random.below(9))),
        2 => words.push(made_up(random)),
        _ => {}
    }
    // Spaces are left out here and there, as people do.
    let mut title = String::new();
    for word in words {
        if !title.is_empty() && random.below(4) != 0 {
            title.push(' ');
        }
        title.push_str(&word);
    }
    title
}

fn english_title(random: &mut Random) -> String {
    let words: Vec<&str> = (0..2 + random.below(3)).map(|_| random.pick(&ENGLISH)).collect();
    words.join(" ")
}

fn person(random: &mut Random) -> String {
    [
        random.pick(&FAMILY_NAMES),
        random.pick(&GIVEN_NAMES),
        random.pick(&GIVEN_NAMES),
    ]
    .concat()
}

/// A name that is in no dictionary.
fn made_up(random: &mut Random) -> String {
    let mut syllable = || char::from_u32(0xAC00 + random.below(11_172)).unwrap_or('가');
    [syllable(), syllable(), syllable()].into_iter().collect()
}

/// A generator of numbers from a seed (SplitMix64).
pub struct Random(u64);

impl Random {
    /// Starts a sequence.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xD6E8_FEB8_6659_FD93))
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u32) -> u32 {
        (self.next() % u64::from(limit)) as u32
    }

    /// One of the items.
    pub fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.below(items.len() as u32) as usize]
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }
}
