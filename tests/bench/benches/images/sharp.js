// The peer: sharp in its fastest mode for six widths of one photo, and what quality is measured by.
const [mode, modules, photo, ...rest] = process.argv.slice(2);
const sharp = require(modules + '/sharp');
const fs = require('fs');
const widths = [140, 320, 640, 1024, 1440, 1920];
sharp.cache(false);

async function once() {
  const { data, info } = await sharp(photo).rotate().resize(1920).raw().toBuffer({ resolveWithObject: true });
  const raw = { width: info.width, height: info.height, channels: info.channels };
  const jpeg = { quality: 80, mozjpeg: false, optimiseCoding: true };
  return Promise.all(widths.map((w) => sharp(data, { raw }).resize(w).jpeg(jpeg).toBuffer()));
}

// Prints the median time, the processor's time of one run, the bytes and the peak memory.
async function ladder(threads, runs, out) {
  sharp.concurrency(+threads);
  const times = [];
  const before = process.cpuUsage();
  let made;
  for (let i = 0; i < +runs; i++) {
    const start = process.hrtime.bigint();
    made = await once();
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  const used = process.cpuUsage(before);
  if (out) made.forEach((bytes, i) => fs.writeFileSync(`${out}/${widths[i]}.jpg`, bytes));
  times.sort((a, b) => a - b);
  const bytes = made.reduce((sum, b) => sum + b.length, 0);
  const cpu = (used.user + used.system) / 1000 / +runs;
  const memory = process.resourceUsage().maxRSS / 1000;
  console.log([times[times.length >> 1], cpu, bytes, memory].join(' '));
}

// Writes luma of the photo at each width by Lanczos from the whole picture, of ours and of sharp's; prints the sizes.
async function luma(ours, theirs, out) {
  const { data, info } = await sharp(photo).rotate().raw().toBuffer({ resolveWithObject: true });
  const raw = { width: info.width, height: info.height, channels: info.channels };
  for (const w of widths) {
    const gray = async (image, name) => {
      const { data: luma, info: size } = await image.toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
      fs.writeFileSync(`${out}/${w}.${name}`, luma);
      return size;
    };
    const made = await gray(sharp(`${ours}/${w}.jpg`), 'ours');
    await gray(sharp(`${theirs}/${w}.jpg`), 'theirs');
    await gray(sharp(data, { raw }).resize(made.width, made.height, { kernel: 'lanczos3', fit: 'fill' }), 'reference');
    console.log(`${w} ${made.width} ${made.height}`);
  }
}

(mode === 'luma' ? luma : ladder)(...rest);
