#!/usr/bin/env node
// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * A scriptable provider: it answers as the real ones do, does to the wire what
 * a test asks for, and writes down what it was sent and what it billed.
 *
 *   node provider.js --listen HOST:PORT[,unix:/path][,[::1]:PORT]
 *       [--tls CERT.pem KEY.pem] [--journal FILE] [--require-key KEY]
 *       [--name NAME] [--bodies] [--quiet] [--while-stdin]
 *
 * Port 0 is any free one; for each listener a line "listening URL" is printed
 * (not with --quiet). With --tls every listener speaks TLS, or, where some are
 * written tls:HOST:PORT, only those. --while-stdin: end when stdin does.
 * --bodies: the journal has the bodies of requests, too.
 *
 * It speaks the wire formats of OpenAI (chat, completions, Responses and the
 * rest), Anthropic, Gemini and Vertex AI, Bedrock, Cohere and Ollama; which
 * one, the path says. What the provider would refuse is refused, in its own
 * envelope: see the modules whose names end in _check.
 *
 * RECIPES
 *
 * A recipe asks for behaviour. It is in the path, in the first segment that
 * begins with "~", where a provider's configured url can carry it:
 *
 *   POST /~delay=50,status=529|status=200/v1/chat/completions
 *
 * or behind a "~" in the name of the model, wherever a dialect has it:
 *
 *   "model": "gpt-4o~calls=2,split=1"      the same:
 *   "model": "gpt-4o~b64.Y2FsbHM9MixzcGxpdD0x"      base64url of it
 *
 * or in the body: a member "mock" of the JSON, or a field "mock" of the form,
 * with the same grammar. An item of the model's recipe overrides the path's,
 * one of the body's both.
 *
 *   recipe = step *( "|" step )      step = item *( "," item )
 *   item   = key [ "=" value ]       a key alone means key=1
 *
 * A path segment is percent-decoded once as a whole; each value is decoded
 * again, so that a comma inside a value is %2C in a body, %252C in a path.
 * An item nobody knows is answered with 400.
 *
 * Steps are for successive requests: the first gets the first step, and so on;
 * the last step stays. They are counted for each distinct recipe text.
 *
 *   seq=NAME        nothing but a name, so that the text is another one
 *
 * What is answered:
 *
 *   status=N        from 400 on with an error in the dialect's shape
 *   body=BASE64     this body (base64 or base64url) instead; with an
 *                   event-stream ctype it is split into its events
 *   ctype=TYPE      the Content-Type
 *   header=N:V      one more header; may be repeated
 *   events=N        a stream's number of content deltas (one word each,
 *                   unless size says more); a plain reply's number of words
 *   size=BYTES      the length of the text, or of the binary
 *   pings=N         N comment lines before the first event
 *   text=TEXT       what is said
 *   think=N         N words of thinking first; 0 = none, even when asked for
 *   sig=TEXT        the signature of the thinking
 *   redacted        a block of redacted thinking, in dialects that have it
 *   calls=N         N calls of the tools that were offered, in turn; 0 = none
 *   call=NAME:JSON  this call, whatever was offered; may be repeated
 *   frag=N          arguments come in fragments of N characters
 *   refuse          the text is a refusal
 *   finish=KIND     stop, length, tools, filter, sequence
 *   lax             takes any request
 *   replay=KEY      a recorded reply, by its id or the end of it
 *                   (recordings.js), cut as its transport was
 *   errevent=eN     an error event after N events, and no more; `first` = e0
 *   crlf            events end their lines with CRLF
 *   nodone          no "[DONE]"
 *   usage=KIND      none (not even when asked for), null, zero, string, neg,
 *                   huge (2^63), float, P:C (these numbers); in streams also
 *                   every (in each chunk, growing) and twice (a smaller one
 *                   first), both without being asked for
 *   cached=N        cached tokens, within the prompt's
 *   written=N       tokens written to the cache, within the prompt's
 *   reasoning=N     reasoning tokens, added to the completion's
 *   echo            the text is a JSON string: method, path, headers, body
 *   html            200 and an HTML page
 *   empty           an empty body
 *   redirect=URL    307 and a Location
 *   gzip            Content-Encoding: gzip, whatever was accepted
 *
 * When, and in which pieces:
 *
 *   delay=MS        before the status line
 *   first=MS        between the headers and the first byte of the body
 *   gap=MS          after each event
 *   split=N         writes of N bytes each, headers too
 *   split=event     a write for each event
 *   split=random:S  writes of 1 to 97 bytes, the same for the same seed S
 *   1xx=N           N informational replies first
 *   early           answers when the head has been read, before the body
 *
 * What goes wrong. PLACE is N (after N bytes of the body, not counting the
 * framing), eN (after N events; [DONE] is one, a ping is not) or wN (after N
 * bytes on the wire, headers included; w0 = no reply at all):
 *
 *   cut=PLACE       closes there          rst=PLACE       resets there
 *   stall=PLACE     stays silent there, and keeps the connection open
 *   framing=KIND    chunked, length, close; badchunk (a bad chunk header in
 *                   the middle), shortlength (declares 100 bytes more than it
 *                   sends), longlength (a second response after the body)
 *   eofhead         closes in the middle of the headers
 *   endless=KIND    headers, pings or body, until the client goes away;
 *                   with gap=MS slowly
 *   close           Connection: close, and closes
 *   keepclose       closes after a reply that did not say so;
 *   keepclose=next  only when the next request has come, unanswered
 *
 * COUNTING
 *
 * Replies are functions of the request: the same question has the same answer,
 * byte for byte, with any recipe that only changes the wire.
 *   prompt tokens      one for each started 4 characters of all texts
 *   completion tokens  the words of the answer (all choices), plus reasoning,
 *                      plus the words of thinking
 * Of a body over 16 MB only the first megabyte is looked at, for its model,
 * stream and mock; all of it is hashed and counted.
 *
 * CONTROL
 *
 *   GET /~ctl/journal[?since=N]   a JSON line for each request that has ended,
 *                                 in the order of their ends
 *   GET /~ctl/stats               connections open and total, requests in
 *                                 flight; without those that asked for control
 *   GET /~ctl/reset               forgets the journal and the steps' counters
 */

const fs = require('fs');
const net = require('net');
const tls = require('tls');

const { Connection } = require('./http1');
const { Exchange, readBody } = require('./exchange');
const { Bad } = require('./bad');
const { Journal } = require('./journal');
const { Recipes, splitModel } = require('./recipe');
const { replay } = require('./replay');
const { chunk, send } = require('./send');

// A dialect has ROUTES, error(status, message, param, code) and
// headers(exchange). The last one answers where no route does; what is behind
// another's name in a path must stand before it.
const DIALECTS = [require('./anthropic'), require('./gemini'),
    require('./bedrock'), require('./cohere'), require('./ollama'),
    require('./openai')];
const DEFAULT = DIALECTS[DIALECTS.length - 1];

const CACHED_LENGTH = 64 * 1024;
const CACHED_EVENTS = 1000;
const PURE = new RegExp('[/:](?:completions|embeddings|moderations|rerank'
    + '|input_tokens|messages|count_tokens|chat|embed|converse(?:-stream)?'
    + '|generateContent|streamGenerateContent|countTokens|embedContent)$');
const HELLO = 'This is the mock provider. Try POST /v1/chat/completions.\n';

const options = { listen: '127.0.0.1:0', name: 'mock' };
const recipes = new Recipes();
const routes = new Map();
const replies = new Map();
const count = { open: 0, total: 0, inFlight: 0, requests: 0, tlsErrors: 0 };
const sockets = [];                     // unix ones, to be unlinked
let journal = null;
let connections = 0;


function authorized(x) {
    const key = options['require-key'];

    return !key || x.req.get('authorization') === `Bearer ${key}`
        || ['x-api-key', 'api-key', 'x-goog-api-key'].some((name) =>
            x.req.get(name) === key);
}


function route(method, path) {
    const key = `${method} ${path}`;
    let r = routes.get(key);

    if (r === undefined) {
        r = findRoute(method === 'HEAD' ? 'GET' : method, path);
        if (routes.size > 1000) {
            routes.clear();
        }
        routes.set(key, r);
    }

    return r;
}


function decoded(text) {
    try {
        return text && decodeURIComponent(text);
    } catch (e) {
        return text;
    }
}


function findRoute(method, path) {
    for (const dialect of DIALECTS) {
        for (const [m, re, handler] of dialect.ROUTES) {
            const found = m === method && re.exec(path);
            if (found) {
                return { dialect, handler, param: decoded(found[1]) };
            }
        }
    }

    const none = (x) => x.dialect.error(404, `Invalid URL (${method} ${path})`,
        null, null);
    const hello = () => ({ ctype: 'text/plain', body: HELLO });

    return { dialect: DEFAULT,
        handler: method === 'GET' && path === '/' ? hello : none };
}


function control(x) {
    switch (x.path) {

    case '/~ctl/journal': {
        const since = /[?&]since=(\d+)/.exec(x.query);
        return { ctype: 'application/x-ndjson',
            body: journal.text(since ? Number(since[1]) : 0) };
    }

    case '/~ctl/stats':
        return { ctype: 'application/json', body: JSON.stringify({
            name: options.name, open_connections: count.open,
            total_connections: count.total, in_flight: count.inFlight,
            requests: count.requests, tls_errors: count.tlsErrors }) + '\n' };

    case '/~ctl/reset':
        recipes.reset();
        journal.reset();
        count.total = count.open;
        count.requests = count.tlsErrors = 0;
        return { ctype: 'text/plain', body: 'ok\n' };

    default:
        return x.dialect.error(404, `No control ${x.path}`);
    }
}


function respond(x) {
    const status = x.recipe.status;

    if (x.refusal) {
        return x.refusal;
    }

    if (!authorized(x)) {
        return x.dialect.error(401, 'Incorrect API key provided: mock.');
    }

    if (status >= 400) {
        return x.dialect.error(status, `mock: status ${status} was asked for`);
    }

    if (x.recipe.replay) {
        return replay(x);
    }

    return x.route.handler(x, x.param);
}


// What a provider refuses is refused. A recipe or a body nobody can make sense
// of is the test's mistake: 400.
function guarded(x, f) {
    try {
        return f();
    } catch (e) {
        if (e instanceof Bad) {
            return x.dialect.error(e.status, e.message, e.param, e.code);
        }
        x.recipe = {};
        x.refusal = x.dialect.error(400, `mock: ${e.message}`, 'mock', 'mock');
        return x.refusal;
    }
}


// Makes bytes of a reply that will be sent again.
function prepare(reply, recipe) {
    if (!reply.events) {
        reply.body = Buffer.from(reply.body);
        return;
    }

    const list = [];

    for (const e of reply.events) {
        list.push(e);
        if (list.length > CACHED_EVENTS || recipe.crlf) {
            return;
        }
    }

    reply.events = list.map((e) => {
        const raw = e.raw || Buffer.from(e.data);
        return { raw, chunk: chunk(raw), usage: e.usage, ping: e.ping };
    });
}


// Replies are functions of the request, so that of a plain one which comes
// again and again is made once.
function cached(x) {
    const req = x.req;

    if (req.method !== 'POST' || x.refusal || x.recipe.echo || !req.complete
        || req.length > CACHED_LENGTH || !PURE.test(x.path)
        || x.recipeText.includes('|') || !authorized(x))
    {
        return fresh(x);
    }

    const key = [x.prefix, x.path, x.query, req.sha256,
        req.get('anthropic-version')].join(' ');
    const old = replies.get(key);

    if (old !== undefined) {
        x.json = old.json;
        x.usage = old.usage;
        return old.reply;
    }

    const reply = fresh(x);

    // a recipe in the body may count, or echo; headers count where requests
    // are refused
    if (!x.own && x.form === null && !(reply.status >= 400)) {
        prepare(reply, x.recipe);
        if (replies.size > 100) {
            replies.clear();
        }
        replies.set(key, { json: { model: x.json.model,
            stream: x.json.stream }, usage: x.usage, reply });
    }

    return reply;
}


function fresh(x) {
    return guarded(x, () => {
        if (x.req.complete && !x.refusal) {
            readBody(x, recipes);
        }
        return respond(x);
    });
}


function start(x) {
    const conn = x.conn;
    const reply = x.ctl ? control(x) : cached(x);

    send(x, reply).then(() => {
        x.replied = true;
        if (x.req.complete || conn.closed) {
            end(x);
        }
    });
}


function end(x) {
    const conn = x.conn;

    if (conn === null) {
        return;                         // told already
    }

    conn.x = null;

    if (!x.ctl) {
        count.inFlight--;
        x.body = options.bodies ? x.req.body.toString() : undefined;
        x.close();
        journal.add(x);
    }

    if (conn.closed || x.ended !== 'complete' || x.closing) {
        return;
    }

    conn.trap = x.recipe.keepclose === 'next';
    conn.release();
}


const handler = {
    head(conn, req) {
        const x = new Exchange(conn, req);

        conn.x = x;
        x.route = route(req.method, x.path);
        x.dialect = x.route.dialect;

        if (x.ctl) {
            if (!conn.ctl) {
                conn.ctl = true;
                count.open--;
                count.total--;
            }
            return;
        }

        count.inFlight++;
        x.serial = ++count.requests;

        if (conn.trap) {
            x.ended = 'cut';
            x.replied = true;
            conn.socket.destroy();
            return;
        }

        guarded(x, () => {
            const [own, param] = splitModel(x.route.param || '');
            x.param = param;
            x.recipe = recipes.pick(x.prefix);
            x.take(own, recipes);
        });

        if (x.recipe.early) {
            req.early = true;
            start(x);
        }
    },

    body(conn, req) {
        const x = conn.x;

        if (!req.early && !x.replied) {
            start(x);
        } else if (x && x.replied && !conn.trap) {
            end(x);
        }
    },

    gone(conn) {
        const x = conn.x;

        if (!conn.ctl) {
            count.open--;
        }

        if (x === null) {
            return;
        }

        if (x.wake) {
            x.wake();

        } else if (!x.req.complete || x.replied) {
            // nothing is being sent that would notice
            x.ended = x.ended || 'client_gone';
            end(x);
        }
    },
};


function accept(raw, secure) {
    let socket = raw;

    raw.setNoDelay(true);

    if (secure) {
        socket = new tls.TLSSocket(raw, { isServer: true,
            secureContext: secure, ALPNProtocols: ['http/1.1'] });
        raw.on('error', () => { /* void */ });
        socket.on('error', (e) => {
            count.tlsErrors += /SSL|TLS|ssl/.test(String(e.code)) ? 1 : 0;
        });
    }

    const conn = new Connection(socket, raw, handler);
    conn.peer = { name: options.name, number: ++connections,
        port: raw.localPort || 0, tls: null };
    conn.x = null;
    conn.ctl = false;
    conn.trap = false;
    count.open++;
    count.total++;

    if (secure) {
        socket.on('secure', () => {
            conn.peer.tls = { sni: socket.servername || null,
                protocol: socket.getProtocol(),
                reused: socket.isSessionReused() };
        });
    }
}


function listen(where, secure) {
    const server = net.createServer((raw) => accept(raw, secure));
    const scheme = secure ? 'https' : 'http';

    return new Promise((resolve, reject) => {
        server.on('error', reject);

        if (where.startsWith('unix:')) {
            const path = where.slice(5);
            fs.rmSync(path, { force: true });
            server.listen({ path, backlog: 4096 }, () => {
                sockets.push(path);
                resolve(`${scheme}://unix:${path}`);
            });
            return;
        }

        const m = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(where);

        if (m === null) {
            reject(new Error(`bad address "${where}"`));
            return;
        }

        server.listen({ host: m[1] || m[2], port: Number(m[3]), backlog: 4096,
        }, () => {
            const a = server.address();
            const host = a.family === 'IPv6' ? `[${a.address}]` : a.address;
            resolve(`${scheme}://${host}:${a.port}`);
        });
    });
}


function readOptions(argv) {
    for (let i = 0; i < argv.length; i++) {
        const name = argv[i].replace(/^--/, '');

        if (['quiet', 'while-stdin', 'bodies'].includes(name)) {
            options[name] = true;
        } else if (name === 'tls' && argv.length > i + 2) {
            options.tls = [argv[++i], argv[++i]];
        } else if (['listen', 'journal', 'require-key', 'name'].includes(name)
            && argv.length > i + 1)
        {
            options[name] = argv[++i];
        } else {
            throw new Error(`bad option "${argv[i]}"`);
        }
    }
}


function quit() {
    journal.flush();
    for (const path of sockets) {
        fs.rmSync(path, { force: true });
    }
    process.exit(0);
}


async function main() {
    readOptions(process.argv.slice(2));
    journal = new Journal(options.journal);

    const context = options.tls ? tls.createSecureContext({
        cert: fs.readFileSync(options.tls[0]),
        key: fs.readFileSync(options.tls[1]) }) : null;
    const wanted = options.listen.split(',');
    const some = wanted.some((w) => w.startsWith('tls:'));

    if (some && context === null) {
        throw new Error('a tls: listener needs --tls');
    }

    process.on('SIGTERM', quit);
    process.on('SIGINT', quit);

    if (options['while-stdin']) {
        process.stdin.on('end', quit).on('error', quit).resume();
    }

    for (const w of wanted) {
        const secure = some ? w.startsWith('tls:') : true;
        const url = await listen(w.replace(/^tls:/, ''),
            secure ? context : null);
        if (!options.quiet) {
            console.log(`listening ${url}`);
        }
    }
}


main().catch((e) => {
    console.error(`provider.js: ${e.message}`);
    process.exit(1);
});
