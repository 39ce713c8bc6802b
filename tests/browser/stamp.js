// Reads the frame stamp of the simulated cameras from a video on the page. For tests only.
// The geometry is that of hal/camera/stamp.py.

const ROWS = 3;
const COLUMNS = 32;
const CELLS_ACROSS = 40;
const LEFT_CELLS = 4;
const TOP_CELLS = 1;
const SYNC = 0xa5;
const EPOCH = 2 ** 32;

/** {facing: "FRONT" | "REAR", frameNumber, epochMs} of what a video or image shows now, or null. */
export function readStamp(source) {
  const width = source.videoWidth ?? source.naturalWidth;
  const height = source.videoHeight ?? source.naturalHeight;
  const side = width / CELLS_ACROSS;
  const rows = Math.ceil((TOP_CELLS + ROWS) * side);
  if (side < 4 || height < rows) return null;
  const canvas = new OffscreenCanvas(width, rows);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(source, 0, 0);
  return decode(cells(context.getImageData(0, 0, width, rows), side));
}

/** Milliseconds from the capture of the frame that `video` shows until now, or null. */
export function ageMs(video) {
  const stamp = readStamp(video);
  return stamp && (((Date.now() - stamp.epochMs) % EPOCH) + EPOCH) % EPOCH;
}

/** `count` of {facing, frameNumber, ageMs}, one for each frame that the page presents. */
export function watchStamps(video, count) {
  const seen = [];
  return new Promise((done) => {
    const take = () => {
      const stamp = readStamp(video);
      if (stamp) seen.push({ ...stamp, ageMs: ageMs(video), atMs: performance.now() });
      if (seen.length >= count) done(seen);
      else video.requestVideoFrameCallback(take);
    };
    video.requestVideoFrameCallback(take);
  });
}

/** Mean of the green channel in the middle half of each cell, row by row. */
function cells({ data, width }, side) {
  const means = [];
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < COLUMNS; column++) {
      const [top, left] = [(TOP_CELLS + row) * side, (LEFT_CELLS + column) * side];
      let [sum, number] = [0, 0];
      for (let y = Math.round(top + side / 4); y < Math.round(top + (side * 3) / 4); y++) {
        for (let x = Math.round(left + side / 4); x < Math.round(left + (side * 3) / 4); x++) {
          sum += data[4 * (y * width + x) + 1];
          number++;
        }
      }
      means.push(sum / number);
    }
  }
  return means;
}

function decode(means) {
  const sync = means.slice(0, 8);
  const threshold = (Math.min(...sync) + Math.max(...sync)) / 2;
  const raw = new Uint8Array((ROWS * COLUMNS) / 8);
  means.forEach((mean, at) => { if (mean > threshold) raw[at >> 3] |= 0x80 >> (at & 7); });
  const view = new DataView(raw.buffer);
  if (raw[0] !== SYNC || crc(raw.subarray(1, 10)) !== view.getUint16(10)) return null;
  const facing = ["FRONT", "REAR"][raw[1]];
  return facing ? { facing, frameNumber: view.getUint32(2), epochMs: view.getUint32(6) } : null;
}

/** CRC-16/CCITT-FALSE. */
function crc(bytes) {
  let value = 0xffff;
  for (const byte of bytes) {
    value ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) value = ((value << 1) ^ (value & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return value;
}
