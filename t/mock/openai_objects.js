// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// OpenAI's images, audio, videos, files, uploads, batches and fine-tuning jobs.

const text = require('./text');

const CREATED = 1767225600;
const STORE_MAX = 1000;
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQ'
    + 'DwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const AUDIO = { mp3: 'audio/mpeg', opus: 'audio/opus', aac: 'audio/aac',
    flac: 'audio/flac', wav: 'audio/wav', pcm: 'audio/pcm' };

const stores = { file: new Map(), batch: new Map(), video: new Map(),
    ftjob: new Map(), upload: new Map() };
let serial = 0;

const json = (v, status) => ({ status, ctype: 'application/json',
    body: JSON.stringify(v) });


function error(status, message, param = null, code = null) {
    return json({ error: { message, type: 'invalid_request_error', param,
        code } }, status);
}


function add(kind, separator, make) {
    const s = stores[kind];
    const id = `${kind}${separator}mock${(++serial).toString(36)
        .padStart(8, '0')}`;

    if (s.size >= STORE_MAX) {
        s.delete(s.keys().next().value);
    }

    s.set(id, make(id));
    return s.get(id);
}


// A handler for /kind/{id}: 404 for what is not there.
function found(kind, handler) {
    return (x, id) => {
        const o = stores[kind].get(id);
        return o ? handler(o, x) : error(404, `No such ${kind}: ${id}`, 'id');
    };
}


function list(kind, show = (o) => o) {
    return () => {
        const data = Array.from(stores[kind].values(), show).reverse();
        return json({ object: 'list', data, has_more: false,
            first_id: data.length ? data[0].id : null,
            last_id: data.length ? data[data.length - 1].id : null });
    };
}


// A member of a JSON body or a field of a form.
function field(x, name) {
    return x.form ? x.form.fields[name] : x.json[name];
}


function fileOf(x, ...names) {
    return x.form && x.form.files.find((f) => names.includes(f.name));
}


function images(x) {
    const prompt = field(x, 'prompt') || '';
    const n = Math.min(Math.max(1, Number(field(x, 'n')) || 1), 10);
    const url = field(x, 'response_format') === 'url';
    const u = text.usage(x, text.promptTokens([prompt]), 100 * n,
        (p, c, total) => `{"input_tokens":${p},"output_tokens":${c},`
            + `"total_tokens":${total},"input_tokens_details":`
            + `{"text_tokens":${p},"image_tokens":0}}`);
    const data = Array.from({ length: n }, (_, i) => url
        ? { url: `https://images.mock.invalid/${i}.png` } : { b64_json: PNG });

    return { ctype: 'application/json',
        body: `{"created":${CREATED},"data":${JSON.stringify(data)}`
            + (u.text === undefined ? '' : `,"usage":${u.text}`) + '}' };
}


function editImages(x) {
    return fileOf(x, 'image', 'image[]') ? images(x)
        : error(400, "Missing required parameter: 'image'.", 'image');
}


function wav(size) {
    const b = Buffer.alloc(44 + size);

    b.write('RIFF', 0);
    b.writeUInt32LE(36 + size, 4);
    b.write('WAVEfmt ', 8);
    b.writeUInt32LE(16, 16);
    b.writeUInt16LE(1, 20);             // PCM, mono, 8 kHz, 8 bits
    b.writeUInt16LE(1, 22);
    b.writeUInt32LE(8000, 24);
    b.writeUInt32LE(8000, 28);
    b.writeUInt16LE(1, 32);
    b.writeUInt16LE(8, 34);
    b.write('data', 36);
    b.writeUInt32LE(size, 40);
    b.fill(0x80, 44);
    return b;
}


function speech(x) {
    const o = x.json;

    if (typeof o.input !== 'string') {
        return error(400, "Missing required parameter: 'input'.", 'input');
    }

    const format = AUDIO[o.response_format] ? o.response_format : 'mp3';
    const size = x.recipe.size === undefined ? 4096 : x.recipe.size;

    return { ctype: AUDIO[format],
        body: format === 'wav' ? wav(size) : Buffer.alloc(size, 0xff) };
}


function transcription(x) {
    const file = fileOf(x, 'file');

    if (!file) {
        return error(400, "Missing required parameter: 'file'.", 'file');
    }

    const answer = text.reply(x, `a file of ${file.length} bytes`, -1);
    const format = field(x, 'response_format');

    if (format === 'text') {
        return { ctype: 'text/plain; charset=utf-8', body: answer.text + '\n' };
    }

    const u = text.usage(x, Math.ceil(file.length / 1000), answer.tokens,
        (p, c, total) => `{"type":"tokens","input_tokens":${p},`
            + `"input_token_details":{"text_tokens":0,"audio_tokens":${p}},`
            + `"output_tokens":${c},"total_tokens":${total}}`);
    const tail = (u.text === undefined ? '' : `,"usage":${u.text}`) + '}';
    const said = `"text":${JSON.stringify(answer.text)}`;

    if (field(x, 'stream') === 'true') {
        return { ctype: 'text/event-stream; charset=utf-8', events: {
            * [Symbol.iterator]() {
                for (const p of answer.pieces()) {
                    yield { data: 'data: {"type":"transcript.text.delta",'
                        + `"delta":${JSON.stringify(p)}}\n\n` };
                }
                yield { data: `data: {"type":"transcript.text.done",${said}`
                    + `${tail}\n\n`, usage: x.usage !== null };
            },
        } };
    }

    return { ctype: 'application/json', body: format === 'verbose_json'
        ? `{"task":"transcribe","language":"english","duration":1.5,${said},`
            + `"segments":[]${tail}`
        : `{${said}${tail}` };
}


function createVideo(x) {
    if (typeof field(x, 'prompt') !== 'string') {
        return error(400, "Missing required parameter: 'prompt'.", 'prompt');
    }

    return json(add('video', '_', (id) => ({ id, object: 'video',
        created_at: CREATED, status: 'queued', progress: 0,
        model: field(x, 'model') || 'sora-2',
        prompt: field(x, 'prompt'),
        seconds: String(field(x, 'seconds') || '4'),
        size: field(x, 'size') || '720x1280', error: null })));
}


// Each look moves the task on: queued, in_progress, completed.
function getVideo(o) {
    if (o.status === 'in_progress') {
        Object.assign(o, { status: 'completed', progress: 100 });
    } else if (o.status === 'queued') {
        Object.assign(o, { status: 'in_progress', progress: 50 });
    }

    return json(o);
}


function videoContent(o, x) {
    return o.status === 'completed'
        ? { ctype: 'video/mp4', body: Buffer.concat([
            Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0mp42isom', 'latin1'),
            Buffer.alloc(x.recipe.size === undefined ? 8192 : x.recipe.size),
        ]) }
        : error(404, 'Video is not ready yet, use GET /v1/videos/{id} first');
}


function deleted(kind, object) {
    return found(kind, (o) => {
        stores[kind].delete(o.id);
        return json({ id: o.id, object, deleted: true });
    });
}


function showFile(f) {
    const { data, ...rest } = f;
    return rest;
}


function newFile(name, purpose, length, data) {
    return add('file', '-', (id) => ({ id, object: 'file', bytes: length,
        created_at: CREATED, expires_at: null, filename: name, purpose,
        status: 'processed', status_details: null, data }));
}


function createFile(x) {
    const file = fileOf(x, 'file');

    if (!file || !x.form.fields.purpose) {
        const name = file ? 'purpose' : 'file';
        return error(400, `'${name}' is a required property`, name);
    }

    // a copy: the part is a slice of the request's body
    return json(showFile(newFile(file.filename, x.form.fields.purpose,
        file.length, Buffer.from(file.data))));
}


function createBatch(x) {
    const o = x.json;

    if (!stores.file.has(o.input_file_id)) {
        return error(400, 'input_file_id is not a file', 'input_file_id');
    }

    return json(add('batch', '_', (id) => ({ id, object: 'batch',
        endpoint: o.endpoint, errors: null, input_file_id: o.input_file_id,
        completion_window: o.completion_window || '24h', status: 'validating',
        output_file_id: null, error_file_id: null, created_at: CREATED,
        request_counts: { total: 0, completed: 0, failed: 0 },
        metadata: o.metadata || null })));
}


// The first look finds it done, with one line of output for one of input.
function getBatch(o) {
    const input = stores.file.get(o.input_file_id);

    if (o.status === 'validating' && input) {
        const lines = input.data.toString().split('\n').filter(Boolean);
        const output = lines.map((line, i) => {
            const id = /"custom_id"\s*:\s*"([^"]*)"/.exec(line);
            return JSON.stringify({ id: `batch_req_${i}`,
                custom_id: id ? id[1] : null,
                response: { status_code: 200, request_id: `req_${i}`,
                    body: { object: 'chat.completion' } }, error: null });
        }).join('\n') + '\n';
        const n = lines.length;
        const data = Buffer.from(output);

        Object.assign(o, { status: 'completed',
            request_counts: { total: n, completed: n, failed: 0 },
            output_file_id: newFile('output.jsonl', 'batch_output',
                data.length, data).id });
    }

    return json(o);
}


function cancelled(o) {
    return json(Object.assign(o, { status: 'cancelled' }));
}


function createJob(x) {
    const o = x.json;

    return json(add('ftjob', '-', (id) => ({ id, object: 'fine_tuning.job',
        model: o.model, created_at: CREATED, finished_at: null,
        fine_tuned_model: null, organization_id: 'mock-org',
        result_files: [], status: 'queued', validation_file: null,
        training_file: o.training_file || null, hyperparameters: {},
        trained_tokens: null, error: null })));
}


function createUpload(x) {
    const o = x.json;

    return json(add('upload', '_', (id) => ({ id, object: 'upload',
        bytes: o.bytes || 0, created_at: CREATED, expires_at: CREATED + 3600,
        filename: o.filename || 'file', purpose: o.purpose || 'batch',
        status: 'pending', file: null })));
}


function completeUpload(o) {
    const f = newFile(o.filename, o.purpose, 0, Buffer.alloc(0));

    return json(Object.assign(o, { status: 'completed', file: showFile(f) }));
}


const JOBS = '\\/fine_tuning\\/jobs';
const ROUTES = [
    ['POST', /\/images\/generations$/, images],
    ['POST', /\/images\/(?:edits|variations)$/, editImages],
    ['POST', /\/audio\/speech$/, speech],
    ['POST', /\/audio\/(?:transcriptions|translations)$/, transcription],
    ['POST', /\/videos$/, createVideo],
    ['GET', /\/videos$/, list('video')],
    ['GET', /\/videos\/([^/]+)$/, found('video', getVideo)],
    ['GET', /\/videos\/([^/]+)\/content$/, found('video', videoContent)],
    ['DELETE', /\/videos\/([^/]+)$/, deleted('video', 'video.deleted')],
    ['POST', /\/files$/, createFile],
    ['GET', /\/files$/, list('file', showFile)],
    ['GET', /\/files\/([^/]+)$/, found('file', (f) => json(showFile(f)))],
    ['GET', /\/files\/([^/]+)\/content$/, found('file', (f) => (
        { ctype: 'application/octet-stream', body: f.data }))],
    ['DELETE', /\/files\/([^/]+)$/, deleted('file', 'file')],
    ['POST', /\/uploads$/, createUpload],
    ['POST', /\/uploads\/([^/]+)\/complete$/, found('upload', completeUpload)],
    ['POST', /\/uploads\/([^/]+)\/cancel$/, found('upload', cancelled)],
    ['POST', /\/batches$/, createBatch],
    ['GET', /\/batches$/, list('batch')],
    ['GET', /\/batches\/([^/]+)$/, found('batch', getBatch)],
    ['POST', /\/batches\/([^/]+)\/cancel$/, found('batch', cancelled)],
    ['POST', new RegExp(`${JOBS}$`), createJob],
    ['GET', new RegExp(`${JOBS}$`), list('ftjob')],
    ['GET', new RegExp(`${JOBS}/([^/]+)$`), found('ftjob', (o) => json(o))],
    ['POST', new RegExp(`${JOBS}/([^/]+)/cancel$`), found('ftjob', cancelled)],
];


module.exports = { ROUTES };
