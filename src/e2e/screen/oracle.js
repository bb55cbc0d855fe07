// A terminal that screens are compared with: xterm.js without a window. Each line of standard input is a command in JSON,
// and each command is answered by one line: {} or what was asked for.
//
//   {"open": [ROWS, COLUMNS]}    a new terminal
//   {"write": "BASE64"}          output
//   {"resize": [ROWS, COLUMNS]}
//   {"show": true}               {"cursor": [ROW, COLUMN], "alternate": ..., "lines": [[CELL, ...], ...]}
//
// A cell is "TEXT\tWIDTH\tFOREGROUND\tBACKGROUND\tATTRIBUTES"; colours are "", an index, or "#" and six digits.

const readline = require('readline');
const { StringDecoder } = require('string_decoder');
const { Terminal } = require('@xterm/headless');
const { Unicode11Addon } = require('@xterm/addon-unicode11');

let terminal;
let decoder;

// What is left of half a wide character keeps its style, as in xterm. xterm.js gives it that of what overwrote the other
// half, and has no option for it.
function keepStyleOfHalves() {
  const line = Object.getPrototypeOf(new Terminal({ allowProposedApi: true })._core.buffer.lines.get(0));
  const set = line.setCellFromCodepoint;
  line.setCellFromCodepoint = function (x, code, width, style) {
    // What was erased is filled with a cell, what is written has a style alone.
    const leftOver = code === 0 && width === 1 && this.getWidth(x) !== 1 && !('content' in style);
    set.call(this, x, code, width, leftOver ? this.loadCell(x, {}) : style);
  };
}

function open([rows, cols]) {
  terminal = new Terminal({
    rows,
    cols,
    // No lines that were scrolled away, which would come back when it grows.
    scrollback: 0,
    // An old one: else lines were broken anew when it is resized, which terminals do each in its own way.
    windowsPty: { backend: 'conpty', buildNumber: 1 },
    allowProposedApi: true,
    logLevel: 'off',
  });
  terminal.loadAddon(new Unicode11Addon());
  terminal.unicode.activeVersion = '11';
  // Its own decoder loses a character that is cut behind the byte 0x80.
  decoder = new StringDecoder('utf8');
}

function color(isDefault, isRgb, value) {
  if (isDefault) {
    return '';
  }
  return isRgb ? '#' + value.toString(16).padStart(6, '0') : String(value);
}

function cell(c) {
  const attributes = [
    c.isBold() && 'bold',
    c.isDim() && 'faint',
    c.isItalic() && 'italic',
    c.isUnderline() && 'underline',
    c.isBlink() && 'blink',
    c.isInverse() && 'inverse',
    c.isInvisible() && 'hidden',
    c.isStrikethrough() && 'strikethrough',
  ];
  return [
    c.getChars(),
    c.getWidth(),
    color(c.isFgDefault(), c.isFgRGB(), c.getFgColor()),
    color(c.isBgDefault(), c.isBgRGB(), c.getBgColor()),
    attributes.filter(Boolean).join(' '),
  ].join('\t');
}

function show() {
  const buffer = terminal.buffer.active;
  const lines = [];
  for (let y = 0; y < terminal.rows; y++) {
    const line = buffer.getLine(buffer.baseY + y);
    lines.push(Array.from({ length: terminal.cols }, (_, x) => cell(line.getCell(x))));
  }
  // Behind the last column only where the next character begins a line, as the contract has it.
  const last = terminal.modes.wraparoundMode ? terminal.cols : terminal.cols - 1;
  return { cursor: [buffer.cursorY, Math.min(buffer.cursorX, last)], alternate: buffer.type === 'alternate', lines };
}

async function answer(command) {
  if (command.open) {
    open(command.open);
  } else if (command.write !== undefined) {
    const text = decoder.write(Buffer.from(command.write, 'base64'));
    await new Promise((done) => terminal.write(text, done));
  } else if (command.resize) {
    terminal.resize(command.resize[1], command.resize[0]);
  } else if (command.show) {
    return show();
  }
  return {};
}

keepStyleOfHalves();
(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + '\n');
  }
})();
