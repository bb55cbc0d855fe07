// A client that nobody here wrote a stub for: it knows Cleat by its .proto files, as any service in Node would.
//
//   node client.js HOST:PORT FOLDER_OF_THE_PROTO_FILES
//
// Creates a session, prompts it, watches it, leaves, comes back where it left, types, and deletes it. Ends with 0 when
// everything was as the contract says, and otherwise says what was not.
'use strict';

const assert = require('node:assert/strict');
const {Cleat, all, run, status} = require('./cleat.js');

const [target, protos] = process.argv.slice(2);
const cleat = new Cleat(target, protos);

/** Has a picture made, finds it, and fetches it. */
async function fetchPicture(session_id) {
  const prompt = "printf '\\211PNG\\r\\n\\032\\n%0100000d' 7 > node.png; echo node.png";
  const {turn: sent} = await cleat.call('SendPrompt', {session_id, prompt});
  await cleat.call('WaitTurn', {session_id, turn_id: sent.id});
  let artifacts = [];
  // A list waits no longer than two seconds for a slow disk.
  while (artifacts.length === 0) {
    ({artifacts} = await cleat.call('ListArtifacts', {session_id}));
  }
  assert.equal(artifacts.length, 1);
  assert.equal(artifacts[0].path, 'node.png');
  assert.equal(artifacts[0].mime_type, 'image/png');
  assert.equal(artifacts[0].turn_id, sent.id);
  const [first, ...pieces] = await all(cleat.sessions.GetArtifact({session_id, artifact_id: artifacts[0].id}));
  assert.deepEqual(first.artifact, artifacts[0]);
  const head = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const picture = Buffer.concat([head, Buffer.from('7'.padStart(100_000, '0'))]);
  assert.ok(Buffer.concat(pieces.map(piece => piece.data)).equals(picture), 'the picture is the same');
}

async function main() {
  const {tools: known} = await cleat.callTools('ListTools', {});
  assert.ok(known.some(tool => tool.name === 'bash'), 'bash is in the catalogue');

  const {session, created} = await cleat.call(
      'Create', {tool: 'bash', name: 'from-node', request_id: 'node-1', labels: {from: 'node'}});
  assert.equal(created, true);
  const again = await cleat.call(
      'Create', {tool: 'bash', name: 'from-node', request_id: 'node-1', labels: {from: 'node'}});
  assert.equal(again.created, false);
  assert.equal(again.session.id, session.id);
  const session_id = session.id;

  const {turn: sent} = await cleat.call('SendPrompt', {session_id, prompt: 'seq 1 2000; (exit 3)'});
  const {turn} = await cleat.call('WaitTurn', {session_id, turn_id: sent.id});
  assert.equal(turn.state, 'TURN_STATE_FAILED');
  assert.equal(turn.exit.code, 3);

  // The shell prints its prompt when the turn has ended, and is idle when that is there.
  let {session: now} = await cleat.call('Get', {session_id});
  while (now.activity.state !== 'ACTIVITY_STATE_IDLE') {
    ({session: now} = await cleat.call('Get', {session_id}));
  }

  // What the terminal shows, by itself and as the beginning of an Attach.
  const {screen} = await cleat.call('GetScreen', {session_id, styles: true, restore: true});
  assert.equal(screen.lines.length, screen.size.rows);
  assert.ok(screen.lines.some(line => line.text === '2000' && line.spans[0].text === '2000'), 'the end of the output is shown');
  assert.ok(screen.restore.includes('2000'));
  assert.equal(screen.modes.alternate_screen, false);
  let drawn;
  await cleat.attach({session_id, read_only: true, start: {screen: {}}}, (response, stream) => {
    if (response.screen) {
      drawn = response.screen;
    } else if (response.events) {
      response.events.events.forEach(event => assert.ok(drawn && event.seq > drawn.seq, 'events come behind the screen'));
    } else if (response.caught_up) {
      stream.cancel();
    }
  });
  assert.ok(drawn.seq >= screen.seq);
  assert.deepEqual(drawn.lines.map(line => line.text), screen.lines.map(line => line.text));
  await fetchPicture(session_id);

  // Watches, and leaves in the middle.
  const seen = [];
  let epoch = 0;
  await cleat.attach({session_id, read_only: true}, (response, stream) => {
    if (response.attached) {
      epoch = response.attached.epoch;
    } else if (response.events) {
      for (const event of response.events.events) {
        if (seen.length < 5) {
          seen.push(event);
        } else {
          stream.cancel();
        }
      }
    } else if (response.caught_up) {
      stream.cancel();
    }
  });

  // Comes back where it left, and types.
  let typed = 0;
  let asked = false;
  let ended;
  await cleat.attach({session_id, epoch, after_seq: seen.at(-1).seq, writer_id: 'node'}, (response, stream) => {
    if (response.attached) {
      assert.equal(response.attached.next_input_seq, 1);
    } else if (response.caught_up && !asked) {
      asked = true;
      stream.write({input: {input_seq: 1, data: Buffer.from('echo typed by $((40 + 2)); exit 4\n')}});
    } else if (response.input_ack) {
      typed = response.input_ack.input_seq;
    } else if (response.events) {
      seen.push(...response.events.events);
    } else if (response.ended) {
      ended = response.ended;
      stream.end();
    }
  });
  assert.equal(typed, 1);
  assert.equal(ended.reason, 'END_REASON_EXITED');
  assert.equal(ended.exit.code, 4);
  seen.forEach((event, index) => assert.equal(event.seq, index + 1, 'numbers go on by one'));
  let offset = 0;
  const output = [];
  for (const event of seen.filter(event => event.output)) {
    assert.equal(event.output.offset, offset, 'offsets go on by the bytes before');
    offset += event.output.data.length;
    output.push(event.output.data);
  }
  const text = Buffer.concat(output);
  const numbers = Array.from({length: 2000}, (_, i) => `${i + 1}\r\n`).join('');
  assert.equal(text.subarray(turn.output_start_offset, turn.output_end_offset).toString(), numbers);
  assert.match(text.toString(), /typed by 42\r\n/);
  assert.ok(seen.at(-1).exited, 'the exit is the last event');

  // The same, page by page.
  const pages = await cleat.journal(session_id);
  assert.deepEqual(pages.map(event => event.seq), seen.map(event => event.seq));

  await cleat.call('Delete', {session_id});
  await assert.rejects(cleat.call('Get', {session_id}), {code: status.NOT_FOUND});
  return `all as the contract says: ${seen.length} events, ${text.length} bytes`;
}

run(main);
