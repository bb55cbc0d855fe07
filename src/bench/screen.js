// How fast xterm.js draws: node screen.js FILE ROWS COLUMNS SECONDS prints bytes per second. It comes from src/e2e/screen.

const fs = require('fs');
const path = require('path');
const { Terminal } = require(path.join(__dirname, '../e2e/screen/node_modules/@xterm/headless'));

const PIECE = 4096;
const [file, rows, cols, seconds] = process.argv.slice(2);
const bytes = fs.readFileSync(file);

async function draw() {
  const terminal = new Terminal({ rows: Number(rows), cols: Number(cols), scrollback: 0, logLevel: 'off' });
  for (let at = 0; at < bytes.length; at += PIECE) {
    terminal.write(bytes.subarray(at, at + PIECE));
  }
  await new Promise((done) => terminal.write('', done));
}

async function measure(duration) {
  const begin = process.hrtime.bigint();
  let drawn = 0;
  let taken = 0;
  do {
    await draw();
    drawn += bytes.length;
    taken = Number(process.hrtime.bigint() - begin) / 1e9;
  } while (taken < duration);
  return drawn / taken;
}

measure(Number(seconds) / 2)
  .then(() => measure(Number(seconds)))
  .then((speed) => console.log(Math.round(speed)));
