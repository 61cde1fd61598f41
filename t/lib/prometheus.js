#!/usr/bin/env node

// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// A strict reader of the Prometheus text format 0.0.4.
//
//     const { parse } = require('./prometheus.js');
//     const page = parse(text);           page.errors: [ 'line 3: ...' ]
//     page.value('ai_gateway_requests_total', { status: '200' })
//
//     curl -s http://host/metrics | node t/lib/prometheus.js
//
// Some of what a scraper lets pass is an error here: metrics without HELP or
// TYPE, samples of a metric that do not stand together, counters not named
// _total, histograms that do not add up.

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y;
const NUMBER = /^(?:[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN)$/;
const TYPES = [ 'counter', 'gauge', 'histogram', 'summary', 'untyped' ];


function number(text) {
    return text === '+Inf' || text === 'Inf' ? Infinity
           : text === '-Inf' ? -Infinity : Number(text);
}


function labelsOf(text) {
    const labels = Object.create(null);

    if (text === undefined || text === '') {
        return labels;
    }

    LABEL.lastIndex = 0;

    for (let end = false; !end;) {
        const at = LABEL.lastIndex;
        const m = LABEL.exec(text);

        if (m === null) {
            throw new Error('bad labels at "' + text.slice(at) + '"');
        }

        if (m[1] in labels) {
            throw new Error('label ' + m[1] + ' twice');
        }

        labels[m[1]] = m[2];
        end = m[3] === '';
    }

    return labels;
}


function key(labels, without) {
    return Object.keys(labels).filter((k) => k !== without).sort()
        .map((k) => k + '=' + JSON.stringify(labels[k])).join();
}


class Page {

    constructor(text) {
        this.errors = [];
        this.samples = [];
        this.metrics = new Map();
        this.seen = new Set();
        this.open = null;

        if (!text.endsWith('\n')) {
            this.errors.push('the last line has no end');
        }

        text.split('\n').slice(0, -1).forEach((line, i) => {
            try {
                this.line(line);

            } catch (e) {
                this.errors.push('line ' + (i + 1) + ': ' + e.message);
            }
        });

        for (const [ name, metric ] of this.metrics) {
            this.check(name, metric);
        }
    }

    line(line) {
        const m = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);

        if (m !== null) {
            this.head(m[1], m[2], m[3]);

        } else if (line !== '' && !line.startsWith('#')) {
            this.sample(line);
        }
    }

    head(what, name, text) {
        if (!NAME.test(name)) {
            throw new Error('bad name ' + name);
        }

        if (this.open === null || this.open.name !== name) {
            if (this.metrics.has(name)) {
                throw new Error(name + ' stands in two places');
            }

            this.open = { name, samples: [] };
            this.metrics.set(name, this.open);
        }

        if (what in this.open) {
            throw new Error('second ' + what + ' of ' + name);
        }

        if (this.open.samples.length) {
            throw new Error(what + ' of ' + name + ' after its samples');
        }

        if (what === 'TYPE' && !TYPES.includes(text)) {
            throw new Error('unknown type ' + text);
        }

        this.open[what] = text;
    }

    sample(line) {
        const m = SAMPLE.exec(line);

        if (m === null) {
            throw new Error('neither sample nor comment: ' + line);
        }

        const name = m[1];
        const labels = labelsOf(m[2]);
        const id = name + '{' + key(labels) + '}';
        const of = this.open === null ? null
                   : this.open.TYPE === 'histogram'
                     ? name.replace(/_(bucket|sum|count)$/, '') : name;

        if (!NUMBER.test(m[3])) {
            throw new Error('bad number ' + m[3]);
        }

        if (of === null || of !== this.open.name) {
            throw new Error(name + ' does not stand under its HELP and TYPE');
        }

        if (this.seen.has(id)) {
            throw new Error(id + ' twice');
        }

        const sample = { name, labels, value: number(m[3]) };

        this.seen.add(id);
        this.samples.push(sample);
        this.open.samples.push(sample);
    }

    check(name, metric) {
        if (!metric.HELP || !metric.TYPE || metric.samples.length === 0) {
            this.errors.push(name + ' lacks HELP, TYPE or samples');
        }

        if ((metric.TYPE === 'counter') !== name.endsWith('_total')) {
            this.errors.push(name + ' is a ' + metric.TYPE);
        }

        if (metric.TYPE === 'histogram') {
            this.histogram(name, metric);

        } else if (metric.TYPE === 'counter'
                   && !metric.samples.every((s) => s.value >= 0
                                                   && isFinite(s.value)))
        {
            this.errors.push(name + ' is below zero or not finite');
        }
    }

    histogram(name, metric) {
        const sets = new Map();

        for (const s of metric.samples) {
            const id = key(s.labels, 'le');
            const set = sets.get(id) || { buckets: [] };

            sets.set(id, set);

            if (s.name === name + '_bucket') {
                set.buckets.push([ number(s.labels.le), s.value ]);

            } else if (s.name === name || 'le' in s.labels) {
                this.errors.push(s.name + ' in histogram ' + name);

            } else {
                set[s.name.slice(name.length + 1)] = s.value;
            }
        }

        for (const [ id, { buckets, count, sum } ] of sets) {
            const rising = buckets.every((b, i) =>
                i === 0 || (b[0] > buckets[i - 1][0]
                            && b[1] >= buckets[i - 1][1]));
            const last = buckets[buckets.length - 1] || [];

            if (!rising || last[0] !== Infinity || last[1] !== count
                || !(sum >= 0))
            {
                this.errors.push(name + '{' + id + '} does not add up');
            }
        }
    }

    // the sum of all samples of that name with at least these labels

    value(name, labels) {
        return this.samples
            .filter((s) => s.name === name
                           && Object.keys(labels || {}).every(
                                  (k) => s.labels[k] === labels[k]))
            .reduce((sum, s) => sum + s.value, 0);
    }
}


exports.parse = (text) => new Page(text);


if (require.main === module) {
    const page = new Page(require('fs').readFileSync(0, 'utf8'));

    page.errors.forEach((e) => console.log(e));

    console.log(page.samples.length + ' samples of ' + page.metrics.size
                + ' metrics, ' + page.errors.length + ' errors');

    process.exit(page.errors.length ? 1 : 0);
}
