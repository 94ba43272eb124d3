// The peer: sharp in its fastest mode for six widths of one photo, and what quality is measured by.
const [mode, modules, photo, ...rest] = process.argv.slice(2);
const sharp = require(modules + '/sharp');
const fs = require('fs');
const widths = [140, 320, 640, 1024, 1440, 1920];
sharp.cache(false);

const encode = {
  jpeg: (image) => image.jpeg({ quality: 80, mozjpeg: false, optimiseCoding: true }),
  webp: (image) => image.webp({ quality: 80, effort: 4 }),
};

async function once(format) {
  const { data, info } = await sharp(photo).rotate().resize(1920).raw().toBuffer({ resolveWithObject: true });
  const raw = { width: info.width, height: info.height, channels: info.channels };
  return Promise.all(widths.map((w) => encode[format](sharp(data, { raw }).resize(w)).toBuffer()));
}

// Prints the median time, the processor's time of one run, the bytes and the peak memory.
async function variants(format, threads, runs, out) {
  sharp.concurrency(+threads);
  const times = [];
  const before = process.cpuUsage();
  let made;
  for (let i = 0; i < +runs; i++) {
    const start = process.hrtime.bigint();
    made = await once(format);
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  const used = process.cpuUsage(before);
  made.forEach((bytes, i) => fs.writeFileSync(`${out}/${widths[i]}.${format}`, bytes));
  times.sort((a, b) => a - b);
  const bytes = made.reduce((sum, b) => sum + b.length, 0);
  const cpu = (used.user + used.system) / 1000 / +runs;
  const memory = process.resourceUsage().maxRSS * 1.024 / 1000;
  console.log([times[times.length >> 1], cpu, bytes, memory].join(' '));
}

// Writes the photo in another format, the right side up.
async function convert(to) {
  const upright = sharp(photo).rotate();
  await (to.endsWith('.png') ? upright.png({ compressionLevel: 6 }) : upright.webp({ quality: 90, effort: 2 })).toFile(to);
}

// Writes luma of ours and of sharp's, and of the photo at those sizes by Lanczos from the whole; prints their widths.
async function luma(format, ours, theirs, out) {
  const { data, info } = await sharp(photo).rotate().raw().toBuffer({ resolveWithObject: true });
  const raw = { width: info.width, height: info.height, channels: info.channels };
  for (const w of widths) {
    const gray = async (image, name) => {
      const { data: luma, info: size } = await image.toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
      fs.writeFileSync(`${out}/${w}.${name}`, luma);
      return size;
    };
    // Heights may differ by a pixel: each is held to the photo at its own size.
    for (const [side, folder] of [['ours', ours], ['theirs', theirs]]) {
      const { width, height } = await gray(sharp(`${folder}/${w}.${format}`), side);
      const fit = { kernel: 'lanczos3', fit: 'fill' };
      await gray(sharp(data, { raw }).resize(width, height, fit), `${side}-reference`);
      console.log(`${w} ${side} ${width}`);
    }
  }
}

// Prints whether sharp shows the picture, by default and with every tolerance, and how far it is from the variant.
async function compare(variant) {
  const pixels = (image) => image.rotate().flatten({ background: 'white' }).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const decode = async (file, failOn) => {
    try {
      return await pixels(sharp(file, { failOn }));
    } catch (error) {
      return error.message.trim().split('\n').pop().replace(/^VipsJpeg: /, '');
    }
  };
  const said = (decoded) => (decoded.info ? 'shown' : `refused: ${decoded}`);
  const [strict, lenient] = [await decode(photo, 'warning'), await decode(photo, 'none')];
  const ours = await decode(fs.readFileSync(variant), 'warning');
  let difference = '';
  if (ours.info && lenient.info) {
    const { width, height } = ours.info;
    const { data, info } = lenient;
    const raw = { width: info.width, height: info.height, channels: info.channels };
    const resized = await sharp(data, { raw }).resize(width, height, { kernel: 'lanczos3', fit: 'fill' }).raw().toBuffer();
    // As a JPEG, so that its chroma has as little detail as that of our variant.
    const encoded = await sharp(resized, { raw: { width, height, channels: info.channels } }).jpeg({ quality: 100 }).toBuffer();
    const [a, b] = [ours.data, (await pixels(sharp(encoded))).data];
    const [m, n] = [a.length, b.length].map((length) => length / (width * height));
    let sum = 0;
    for (let i = 0; i < width * height; i++) {
      // Gray has one channel, in ours or in theirs.
      for (let c = 0; c < 3; c++) sum += Math.abs(a[i * m + (c % m)] - b[i * n + (c % n)]);
    }
    difference = (sum / (3 * width * height)).toFixed(2);
  }
  console.log([said(strict), said(lenient), difference].join(' | '));
}

({ variants, convert, luma, compare })[mode](...rest);
