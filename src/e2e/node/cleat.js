// Cleat by its .proto files alone: stubs, made from them while the program runs, and calls in the forms that Node likes.
'use strict';

const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

/** How long a unary call may take, in milliseconds. */
const DEADLINE = 120_000;

/** What is said about a cut connection, by this side or by whatever is between. */
const CUT = [grpc.status.UNAVAILABLE, grpc.status.INTERNAL, grpc.status.UNKNOWN];

/** The stubs of a server, over a connection of their own. */
class Cleat {
  /**
   * @param target HOST:PORT
   * @param protos the folder of the .proto files
   */
  constructor(target, protos) {
    const definition = loader.loadSync(
        ['cleat/v1/session_service.proto', 'cleat/v1/tool_service.proto'],
        {includeDirs: [protos], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true});
    const {cleat} = grpc.loadPackageDefinition(definition);
    const options = {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1000,
    };
    this.sessions = new cleat.v1.SessionService(target, grpc.credentials.createInsecure(), options);
    this.tools = new cleat.v1.ToolService(target, grpc.credentials.createInsecure(), options);
  }

  /** A unary call of the SessionService as a promise. */
  call(method, request) {
    return unary(this.sessions, method, request);
  }

  /** The same of the ToolService. */
  callTools(method, request) {
    return unary(this.tools, method, request);
  }

  /** Attaches, and passes on every response; resolves when the stream ends, by itself or because it was left. */
  attach(open, onResponse) {
    return new Promise((resolve, reject) => {
      const stream = this.sessions.Attach();
      stream.on('data', response => onResponse(response, stream));
      stream.on('end', resolve);
      stream.on('error', error => error.code === grpc.status.CANCELLED ? resolve() : reject(error));
      stream.write({open});
    });
  }

  /** The whole journal, page by page. */
  async journal(session_id) {
    const events = [];
    let page_token = '';
    do {
      const page = await this.call('ReadEvents', {session_id, page_size: 10, page_token});
      events.push(...page.events);
      page_token = page.next_page_token;
    } while (page_token);
    return events;
  }

  /** Lets go of the connection. */
  close() {
    this.sessions.close();
    this.tools.close();
  }
}

function unary(client, method, request) {
  const deadline = Date.now() + DEADLINE;
  return new Promise((resolve, reject) => client[method](
      request, {deadline}, (error, response) => error ? reject(error) : resolve(response)));
}

/** A stream of responses, all of them. */
function all(stream) {
  return new Promise((resolve, reject) => {
    const responses = [];
    stream.on('data', response => responses.push(response));
    stream.on('end', () => resolve(responses));
    stream.on('error', reject);
  });
}

/** Whether a stream failed because its connection was cut: it may be resumed. */
function isCut(error) {
  return CUT.includes(error.code);
}

/** Ends the process when this is over: with 0, having said what it came to, or else having said what was wrong. */
function run(main) {
  main().then(
      said => {
        console.log(said);
        process.exit(0);
      },
      error => {
        console.error(error);
        process.exit(1);
      });
}

module.exports = {Cleat, all, isCut, run, status: grpc.status};
