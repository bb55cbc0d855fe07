// The same for agents: it knows Cleat by its .proto files, and prompts, watches and answers one.
//
//   node agent.js HOST:PORT FLAKY_HOST:PORT FOLDER_OF_THE_PROTO_FILES
//
// Calls go to the first address, and watching to the second, whose connections end anywhere. The server has a tool `fake` in its
// catalogue that does what its prompts say. Ends with 0 when everything was as the contract says, and otherwise says what was not.
'use strict';

const assert = require('node:assert/strict');
const {Cleat, isCut, run, status} = require('./cleat.js');

const [target, flaky, protos] = process.argv.slice(2);
const cleat = new Cleat(target, protos);

/** The turn that an event is about; undefined for none. */
function turnOf(event) {
  const about = event[event.kind];
  return about.turn_id ?? about.approval?.turn_id ?? about.turn?.id;
}

/** Watches a session from its beginning on: each event once, in order, over as many connections as that takes. */
class Watcher {
  constructor(session_id) {
    this.session_id = session_id;
    this.epoch = 0;
    this.seen = [];
    this.connections = 0;
  }

  /** Takes events up to the one that ends this turn, and returns those of the turn. Leaves in the middle of what else comes. */
  async turn(turn_id, onEvent = () => {}) {
    let ended = false;
    while (!ended) {
      const over = new Cleat(flaky, protos);
      this.connections++;
      try {
        const {session_id, epoch} = this;
        const open = {session_id, epoch, after_seq: this.seen.length, read_only: true};
        await over.attach(open, (response, stream) => {
          assert.ok(!response.gap, 'nothing is missing');
          if (response.attached) {
            this.epoch = response.attached.epoch;
          }
          for (const event of ended ? [] : response.events?.events ?? []) {
            assert.equal(event.seq, this.seen.length + 1, 'numbers go on by one');
            this.seen.push(event);
            onEvent(event);
            if (event.turn_changed?.turn.id === turn_id && event.turn_changed.turn.end_time) {
              ended = true;
              stream.cancel();
              break;
            }
          }
        });
      } catch (error) {
        if (!isCut(error)) {
          throw error;
        }
      } finally {
        over.close();
      }
    }
    return this.seen.filter(event => turnOf(event) === turn_id);
  }
}

/** Sends a prompt, twice, as a client does that has not got the answer; returns its turn, which is one. */
async function send(session_id, prompt) {
  const request = {session_id, prompt, request_id: `node: ${prompt}`};
  const {turn: sent} = await cleat.call('SendPrompt', request);
  const {turn: again} = await cleat.call('SendPrompt', request);
  assert.equal(again.id, sent.id);
  assert.equal(sent.prompt, prompt);
  return sent;
}

/** Answers a question that is open, and sees that this is the answer. */
async function answer(question, decision) {
  const {session_id} = question;
  const {approvals} = await cleat.call('ListApprovals', {session_id});
  assert.deepEqual(approvals, [question]);
  const {session} = await cleat.call('Get', {session_id});
  assert.equal(session.activity.state, 'ACTIVITY_STATE_WAITING_FOR_APPROVAL');

  const request = {session_id, approval_id: question.id, decision, by: 'node'};
  const {approval} = await cleat.call('ResolveApproval', request);
  assert.equal(approval.answer.decision, decision);
  assert.equal(approval.answer.source, 'APPROVAL_SOURCE_CALL');
  assert.equal(approval.answer.by, 'node');
  await assert.rejects(cleat.call('ResolveApproval', request), {code: status.FAILED_PRECONDITION});
  return approval;
}

/** Has the agent use a tool that it asks about, decides, and looks at all that is told of the turn. */
async function use(watcher, tool, decision, expected) {
  const {session_id} = watcher;
  const sent = await send(session_id, `use ${tool}`);
  let answered;
  const events = await watcher.turn(sent.id, event => {
    if (event.approval_requested) {
      answered = answer(event.approval_requested.approval, decision);
    }
  });
  const approval = await answered;

  assert.deepEqual(events.filter(event => !event.turn_changed).map(event => event.kind), [
    'agent_thought', 'tool_call', 'approval_requested', 'approval_resolved', 'tool_result', 'agent_text', 'agent_text',
    'usage_reported',
  ]);
  const [{tool_call: called}] = events.filter(event => event.tool_call);
  assert.equal(called.title, `run ${tool}`);
  assert.deepEqual(JSON.parse(called.input_json), {command: tool});
  const [{approval_requested: asked}] = events.filter(event => event.approval_requested);
  assert.equal(asked.approval.question, `run ${tool}`);
  assert.equal(asked.approval.call_id, called.call_id);
  assert.equal(asked.approval.answer, null);
  assert.deepEqual(
      asked.approval.options.map(option => option.kind),
      ['APPROVAL_OPTION_KIND_ALLOW_ONCE', 'APPROVAL_OPTION_KIND_DENY_ONCE']);
  const [{approval_resolved: resolved}] = events.filter(event => event.approval_resolved);
  assert.deepEqual(resolved.approval, approval);
  const [{tool_result: result}] = events.filter(event => event.tool_result);
  assert.equal(result.call_id, called.call_id);
  const text = events.map(event => event.agent_text?.text ?? '').join('');
  assert.deepEqual(
      {option: approval.answer.option_id, failed: result.failed, result: result.text, text}, expected);
  const [{usage_reported: {usage}}] = events.filter(event => event.usage_reported);
  assert.deepEqual([usage.input_tokens, usage.output_tokens, usage.counted], [12, 7, false]);

  const states = events.filter(event => event.turn_changed).map(event => event.turn_changed.turn.state);
  assert.deepEqual(
      states.filter(state => state !== 'TURN_STATE_QUEUED'),
      ['ACCEPTED', 'SUBMITTED', 'RUNNING', 'SUCCEEDED'].map(state => `TURN_STATE_${state}`));
  const {turn} = await cleat.call('WaitTurn', {session_id, turn_id: sent.id});
  assert.deepEqual({...turn, prompt: ''}, events.at(-1).turn_changed.turn);
  assert.equal(turn.output_preview, text);
  assert.deepEqual(turn.usage, usage);
}

async function main() {
  const {session} = await cleat.call('Create', {tool: 'fake', name: 'agent-of-node'});
  const session_id = session.id;
  assert.equal(session.prompt_way, 'PROMPT_WAY_ACP');
  const watcher = new Watcher(session_id);

  await use(watcher, 'reader', 'APPROVAL_DECISION_ALLOWED',
      {option: 'opt-allow_once', failed: false, result: 'reader ran', text: 'It ran.'});
  await use(watcher, 'writer', 'APPROVAL_DECISION_DENIED',
      {option: 'opt-reject_once', failed: true, result: 'writer may not run', text: 'It may not run.'});

  // Turns that wait for each other, watched while they run and after.
  const prompts = Array.from({length: 20}, (_, i) => `say ${i}: ${'and so on '.repeat(10)}`);
  const turns = [];
  for (const prompt of prompts) {
    turns.push(await send(session_id, prompt));
  }
  for (const turn of turns) {
    const said = (await watcher.turn(turn.id)).map(event => event.agent_text?.text ?? '').join('');
    assert.equal(`say ${said}`, turn.prompt);
  }

  // The agent has heard each prompt once.
  const recalled = await watcher.turn((await send(session_id, 'recall all')).id);
  assert.equal(
      recalled.map(event => event.agent_text?.text ?? '').join(''),
      ['use reader', 'use writer', ...prompts, 'recall all'].join('|'));
  const {session: after} = await cleat.call('Get', {session_id});
  assert.equal(after.activity.state, 'ACTIVITY_STATE_IDLE');
  assert.deepEqual(after.pending_approvals, []);
  assert.ok(after.usage.input_tokens >= 2 * 12 && after.usage.output_tokens >= 2 * 7, 'turns are added up');

  // What was watched is what is written down.
  const journal = await cleat.journal(session_id);
  assert.deepEqual(watcher.seen, journal.slice(0, watcher.seen.length));
  assert.ok(journal.slice(watcher.seen.length).every(event => !turnOf(event)), 'the end of the last turn is its last event');

  await cleat.call('Delete', {session_id, force: true});
  await assert.rejects(cleat.call('Get', {session_id}), {code: status.NOT_FOUND});
  return `all as the contract says: ${watcher.seen.length} events over ${watcher.connections} connections`;
}

run(main);
