
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"
#include "framing.h"

#include <time.h>


#define AWS               NGX_AI_FRAMING_AWS
#define MAX               65536

#define MESSAGE_TYPE      "\x0d:message-type\x07"
#define CONTENT_TYPE      "\x0d:content-type\x07"
#define EVENT_TYPE        "\x0b:event-type\x07"
#define EXCEPTION_TYPE    "\x0f:exception-type\x07"
#define ERROR_CODE        "\x0b:error-code\x07"
#define ERROR_MESSAGE     "\x0e:error-message\x07"

#define EVENT             MESSAGE_TYPE "\0\x05" "event"
#define EXCEPTION         MESSAGE_TYPE "\0\x09" "exception"
#define ERROR             MESSAGE_TYPE "\0\x05" "error"
#define JSON              CONTENT_TYPE "\0\x10" "application/json"

#define headers(text)     text, sizeof(text) - 1


typedef struct {
    const char  *name;
    const char  *headers;
    size_t       len;
    const char  *payload;
    const char  *out;           /* NULL: the frame is malformed */
} aws_vector_t;


static size_t aws_frame(u_char *to, const void *headers, size_t len,
    const char *payload);
static void aws_seal(u_char *frame, size_t total, size_t headers);
static void aws_put32(u_char *p, size_t n);
static void aws_test_vectors(void);
static void aws_test_known(void);
static void aws_test_checksums(void);
static void aws_test_lengths(void);
static void aws_test_headers_cut(void);
static void aws_test_cuts(void);
static void aws_test_cap(void);
static void aws_test_in_place(void);
static void aws_test_write(void);
static void aws_test_write_caps(void);
static void aws_test_time(void);


static const aws_vector_t  aws_vectors[] = {

    { "an event has a name and data",
      headers(EVENT_TYPE "\0\x05" "chunk" JSON EVENT),
      "{\"a\": 1}",
      "<chunk|{\"a\": 1}>" },

    { "the order of headers is free",
      headers(EVENT JSON EVENT_TYPE "\0\x05" "chunk"),
      "{}",
      "<chunk|{}>" },

    { "an event may have no headers",
      headers(""),
      "{}",
      "<|{}>" },

    { "an event may have no payload",
      headers(EVENT_TYPE "\0\x05" "chunk" EVENT),
      "",
      "<chunk|>" },

    { "a frame may have nothing at all",
      headers(""),
      "",
      "<|>" },

    { "an event is not named by another type",
      headers(EVENT EXCEPTION_TYPE "\0\x01" "a" ERROR_CODE "\0\x01" "b"),
      "{}",
      "<|{}>" },

    { "an unknown kind of message is an event",
      headers(MESSAGE_TYPE "\0\x06" "errors" EVENT_TYPE "\0\x01" "a"),
      "{}",
      "<a|{}>" },

    { "an exception is an error and named by its type",
      headers(EXCEPTION_TYPE "\0\x13" "throttlingException" JSON EXCEPTION),
      "{\"message\":\"slow\"}",
      "<!throttlingException|{\"message\":\"slow\"}>" },

    { "an exception is not named by an event's type",
      headers(EVENT_TYPE "\0\x01" "a" EXCEPTION),
      "{}",
      "<!|{}>" },

    { "an error is named by its code, its message is the data",
      headers(ERROR ERROR_CODE "\0\x03" "500" ERROR_MESSAGE "\0\x04" "oops"),
      "",
      "<!500|oops>" },

    { "an error with a payload has that as the data",
      headers(ERROR ERROR_CODE "\0\x03" "500" ERROR_MESSAGE "\0\x04" "oops"),
      "{}",
      "<!500|{}>" },

    { "an error may say nothing",
      headers(ERROR),
      "",
      "<!|>" },

    { "the message of an error is any bytes",
      headers(ERROR ERROR_MESSAGE "\0\x03" "\x0a\xff\x01"),
      "",
      "<!|\x0a\xff\x01>" },

    { "headers of all types are skipped by their sizes",
      headers("\x01" "a\0"
              "\x01" "b\x01"
              "\x01" "c\x02" "1"
              "\x01" "d\x03" "12"
              "\x01" "e\x04" "1234"
              "\x01" "f\x05" "12345678"
              "\x01" "g\x06" "\0\x03" "123"
              "\x01" "h\x07" "\0\x04" "1234"
              "\x01" "i\x08" "12345678"
              "\x01" "j\x09" "1234567890123456"
              "\0\0"
              "\x01" "k\x06" "\0\0"
              EVENT_TYPE "\0\x05" "chunk"),
      "{}",
      "<chunk|{}>" },

    { "the last header of a name wins",
      headers(EVENT_TYPE "\0\x01" "a" EVENT_TYPE "\0\x01" "b"),
      "{}",
      "<b|{}>" },

    { "names of headers are compared in full",
      headers("\x0a:event-typ\x07\0\x01" "a"
              "\x0c:event-type2\x07\0\x01" "b"
              "\x0b:Event-Type\x07\0\x01" "c"),
      "{}",
      "<|{}>" },

    { "the name may be any printable ASCII",
      headers(EVENT_TYPE "\0\x03" " ~\""),
      "{}",
      "< ~\"|{}>" },

    { "a line end in a name is an error",
      headers(EVENT_TYPE "\0\x03" "a\nb"), "{}", NULL },

    { "a zero in a name is an error",
      headers(EVENT_TYPE "\0\x03" "a\0b"), "{}", NULL },

    { "DEL in a name is an error",
      headers(EVENT_TYPE "\0\x01" "\x7f"), "{}", NULL },

    { "a byte over ASCII in a name is an error",
      headers(EVENT_TYPE "\0\x02" "\xc3\xa4"), "{}", NULL },

    { "the same in the name of an exception",
      headers(EXCEPTION EXCEPTION_TYPE "\0\x01" "\x1f"), "{}", NULL },

    { "the same in the code of an error",
      headers(ERROR ERROR_CODE "\0\x01" "\x80"), "{}", NULL },

    { "a header of an unknown type is an error",
      headers("\x01" "a\x0a"), "{}", NULL },

    { "a type of message that is no string is an error",
      headers("\x0d:message-type\x06\0\x09" "exception"), "{}", NULL },

    { "a header of a name only is an error",
      headers("\x01" "a"), "{}", NULL },

    { "a name longer than the headers is an error",
      headers("\x02" "a"), "{}", NULL },

    { "a header of one byte is an error",
      headers("\x01"), "{}", NULL },

    { "an empty name without a type is an error",
      headers("\0"), "{}", NULL },

    { "a string without its length is an error",
      headers("\x01" "a\x07"), "{}", NULL },

    { "a string with half a length is an error",
      headers("\x01" "a\x07\0"), "{}", NULL },

    { "a string longer than the headers is an error",
      headers("\x01" "a\x07\0\x02" "1"), "{}", NULL },

    { "bytes longer than the headers are an error",
      headers("\x01" "a\x06\xff\xff" "1"), "{}", NULL },

    { "a number longer than the headers is an error",
      headers("\x01" "a\x09" "123456789012345"), "{}", NULL },

    { NULL, NULL, 0, NULL, NULL }
};


/* the frame that AWS sends for this event; its checksums are of zlib */

static const u_char  aws_chunk[] =
    "\x00\x00\x00\x5d\x00\x00\x00\x4b\x44\xaf\x4c\x0b"
    EVENT_TYPE "\0\x05" "chunk" JSON EVENT
    "{}\xff\x8b\x88\x69";

static const ngx_str_t  aws_chunk_name = ngx_string("chunk");


int
main(void)
{
    aws_test_vectors();
    aws_test_known();
    aws_test_checksums();
    aws_test_lengths();
    aws_test_headers_cut();
    aws_test_cuts();
    aws_test_cap();
    aws_test_in_place();
    aws_test_write();
    aws_test_write_caps();
    aws_test_time();

    return done();
}


static size_t
aws_frame(u_char *to, const void *headers, size_t len, const char *payload)
{
    size_t  total;

    total = 16 + len + strlen(payload);

    memcpy(to + 12, headers, len);
    memcpy(to + 12 + len, payload, strlen(payload));

    aws_seal(to, total, len);

    return total;
}


static void
aws_seal(u_char *frame, size_t total, size_t headers)
{
    aws_put32(frame, total);
    aws_put32(frame + 4, headers);
    aws_put32(frame + 8, ngx_crc32_long(frame, 8));
    aws_put32(frame + total - 4, ngx_crc32_long(frame, total - 4));
}


static void
aws_put32(u_char *p, size_t n)
{
    p[0] = (u_char) (n >> 24);
    p[1] = (u_char) (n >> 16);
    p[2] = (u_char) (n >> 8);
    p[3] = (u_char) n;
}


/* each one between two others */

static void
aws_test_vectors(void)
{
    char                 text[1024];
    size_t               len;
    u_char               in[2048];
    const aws_vector_t  *v;

    for (v = aws_vectors; v->name != NULL; v++) {
        len = aws_frame(in, headers(EVENT_TYPE "\0\x01" "1"), "one");
        len += aws_frame(in + len, v->headers, v->len, v->payload);
        len += aws_frame(in + len, headers(EVENT_TYPE "\0\x01" "2"), "two");

        sprintf(text, "<1|one>%s%s", v->out ? v->out : "",
                v->out ? "<2|two>" : "");

        frames_are(AWS, in, len, MAX, v->out ? NGX_DONE : NGX_ERROR, text,
                   v->name);
    }
}


static void
aws_test_known(void)
{
    static const u_char  empty[] = "\0\0\0\x10\0\0\0\0"
                                   "\x05\xc2\x48\xeb\x7d\x98\xc8\xff";

    frames_are(AWS, empty, sizeof(empty) - 1, MAX, NGX_DONE, "<|>",
               "the smallest frame is read");

    frames_are(AWS, aws_chunk, sizeof(aws_chunk) - 1, MAX, NGX_DONE,
               "<chunk|{}>", "a frame as AWS sends it is read");

    frames_are(AWS, "", 0, MAX, NGX_DONE, "", "an empty stream has no events");

    frames_are(AWS, "{\"message\": \"x\"}", 16, MAX, NGX_ERROR, "",
               "JSON is no frame");

    frames_are(AWS, "{}", 2, MAX, NGX_ERROR, "", "nor is a bit of it");
}


static void
aws_test_checksums(void)
{
    u_char      in[sizeof(aws_chunk)];
    frames_t    out;
    ngx_uint_t  i, good;

    good = 1;

    for (i = 0; i < 8 * (sizeof(aws_chunk) - 1); i++) {
        memcpy(in, aws_chunk, sizeof(aws_chunk));
        in[i / 8] ^= 1 << i % 8;

        good &= frames_all(&out, AWS, in, sizeof(aws_chunk) - 1, MAX)
                && out.rc == NGX_ERROR && out.text_len == 0;

        frames_free(&out);
    }

    ok(good, "a frame with any one of its bits changed is an error");
}


static void
aws_test_lengths(void)
{
    u_char      in[256];
    ngx_uint_t  i;

    static const struct {
        const char  *name;
        size_t       total;
        size_t       headers;
        ngx_int_t    rc;
    } cases[] = {
        { "a frame of nothing is an error", 0, 0, NGX_ERROR },
        { "a frame of a prelude only is an error", 12, 0, NGX_ERROR },
        { "a frame without room for its last checksum is an error", 15, 0,
          NGX_ERROR },
        { "a frame shorter than its headers is an error", 17, 2, NGX_ERROR },
        { "headers of 4 GB in a small frame are an error", 100, 0xffffffff,
          NGX_ERROR },
        { "headers that reach the last checksum are an error", 100, 85,
          NGX_ERROR },
        { "a frame of 4 GB is over the cap", 0xffffffff, 0, NGX_DECLINED },
        { "so is one with headers of 4 GB", 0xffffffff, 0xffffffef,
          NGX_DECLINED },
        { "a frame of 4 GB with headers that are too long is an error",
          0xffffffff, 0xfffffff0, NGX_ERROR }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(in, 0, sizeof(in));

        aws_put32(in, cases[i].total);
        aws_put32(in + 4, cases[i].headers);
        aws_put32(in + 8, ngx_crc32_long(in, 8));

        frames_are(AWS, in, sizeof(in), MAX, cases[i].rc, "", cases[i].name);
    }
}


/* whatever of the headers is taken for payload */

static void
aws_test_headers_cut(void)
{
    size_t      i;
    u_char      in[256];
    frames_t    out;
    ngx_uint_t  good;

    static const char  all[] =
        "\x01" "a\x05" "12345678" "\x01" "b\x06" "\0\x03" "123"
        EVENT_TYPE "\0\x05" "chunk" EVENT;

    good = 1;

    for (i = 0; i < sizeof(all); i++) {
        aws_frame(in, all, sizeof(all) - 1, "{}");
        aws_seal(in, 16 + sizeof(all) - 1 + 2, i);

        good &= frames_all(&out, AWS, in, 16 + sizeof(all) - 1 + 2, MAX)
                && out.rc == ((i == 0 || i == 11 || i == 19 || i == 39
                               || i == sizeof(all) - 1) ? NGX_DONE
                                                        : NGX_ERROR);
        frames_free(&out);
    }

    ok(good, "headers may end between two of them only");
}


static void
aws_test_cuts(void)
{
    size_t      i, n;
    u_char      in[2 * sizeof(aws_chunk)];
    frames_t    out;
    ngx_uint_t  good;

    n = sizeof(aws_chunk) - 1;
    memcpy(in, aws_chunk, n);
    memcpy(in + n, aws_chunk, n);

    good = 1;

    for (i = 0; i <= 2 * n; i++) {
        good &= frames_all(&out, AWS, in, i, MAX)
                && out.rc == (i % n ? NGX_ERROR : NGX_DONE)
                && out.events == i / n;

        frames_free(&out);
    }

    ok(good, "a stream that ends inside a frame is an error");
}


static void
aws_test_cap(void)
{
    size_t  n;

    n = sizeof(aws_chunk) - 1;

    frames_are(AWS, aws_chunk, n, n, NGX_DONE, "<chunk|{}>",
               "a frame as long as the cap is read");
    frames_are(AWS, aws_chunk, n, n - 1, NGX_DECLINED, "",
               "one that is a byte longer is not");
    frames_are(AWS, aws_chunk, 12, n - 1, NGX_DECLINED, "",
               "and is refused before it is there");
    frames_are(AWS, aws_chunk, 11, n - 1, NGX_ERROR, "",
               "a cut frame of unknown length is an error");
}


static void
aws_test_in_place(void)
{
    u_char              *p, in[sizeof(aws_chunk)];
    ngx_ai_aws_t         s;
    ngx_ai_sse_event_t   ev;

    memcpy(in, aws_chunk, sizeof(in));
    p = in;

    ngx_ai_aws_init(&s, MAX);

    is_int(ngx_ai_aws_next(&s, &p, in + 50, &ev), NGX_AGAIN,
           "half a frame is no event");
    ok(p == in, "its bytes are kept");
    is_int(ngx_ai_aws_next(&s, &p, in + sizeof(in) - 1, &ev), NGX_OK,
           "all of it is one");

    ok(ev.raw.data == in && ev.raw.len == sizeof(in) - 1,
       "the frame is the raw part");
    ok(ev.name.data == in + 12 + 15 && ev.name.len == 5,
       "the name is in place");
    ok(ev.data.data == in + sizeof(in) - 1 - 6 && ev.data.len == 2,
       "so is the payload");
    is_int(ev.lines, 1, "an event counts as one line");
    is_int(ev.error, 0, "and is no error");

    p = NULL;

    is_int(ngx_ai_aws_next(&s, &p, NULL, &ev), NGX_AGAIN,
           "no bytes at all are not an event");
    is_int(ngx_ai_aws_end(&s, &p, NULL, &ev), NGX_DONE,
           "nor at the end of the stream");
}


static void
aws_test_write(void)
{
    char          *text;
    size_t         mark;
    ngx_str_t      name;
    ngx_uint_t     good;
    ngx_ai_buf_t   out;

    ngx_ai_buf_init(&out, 1024 * 1024, &ngx_shim_log);

    name = aws_chunk_name;

    good = ngx_ai_aws_begin(&out, &name, 0, &mark) == NGX_OK
           && ngx_ai_buf_append(&out, "{}", 2) == NGX_OK
           && ngx_ai_aws_finish(&out, mark) == NGX_OK;

    ok(good && mark == 0, "a frame is written");
    is_bytes(out.start, ngx_ai_buf_len(&out), aws_chunk,
             sizeof(aws_chunk) - 1, "as AWS writes it");

    ngx_str_set(&name, "throttlingException");

    good = ngx_ai_aws_begin(&out, &name, 1, &mark) == NGX_OK
           && ngx_ai_buf_append(&out, "{\"message\":\"m\"}", 15) == NGX_OK
           && ngx_ai_aws_finish(&out, mark) == NGX_OK;

    ok(good && mark == sizeof(aws_chunk) - 1,
       "the mark of the next one is where it begins");

    ngx_str_null(&name);

    good = ngx_ai_aws_begin(&out, &name, 0, &mark) == NGX_OK
           && ngx_ai_aws_finish(&out, mark) == NGX_OK;

    ok(good, "a frame may have no name and no payload");
    is_int(ngx_ai_buf_len(&out) - mark, 16 + sizeof(JSON EVENT) - 1,
           "then it has no header for the name");

    frames_are(AWS, out.start, ngx_ai_buf_len(&out), MAX, NGX_DONE,
               "<chunk|{}><!throttlingException|{\"message\":\"m\"}><|>",
               "frames that are written are read");

    text = malloc(32768);
    memset(text, 'n', 32768);
    name.data = (u_char *) text;
    name.len = 32767;

    ngx_ai_buf_reset(&out);

    is_int(ngx_ai_aws_begin(&out, &name, 0, &mark), NGX_OK,
           "a name may have 32767 bytes");

    name.len = 32768;

    is_int(ngx_ai_aws_begin(&out, &name, 0, &mark), NGX_DECLINED,
           "and not one more");

    free(text);
    ngx_ai_buf_free(&out);
}


static void
aws_test_write_caps(void)
{
    size_t         max, mark;
    ngx_int_t      rc;
    ngx_uint_t     good;
    ngx_ai_buf_t   out;

    good = 1;

    for (max = 0; max < sizeof(aws_chunk) - 1; max++) {
        ngx_ai_buf_init(&out, max, &ngx_shim_log);

        rc = ngx_ai_aws_begin(&out, &aws_chunk_name, 0, &mark);

        if (rc == NGX_OK) {
            rc = ngx_ai_buf_append(&out, "{}", 2);
        }

        if (rc == NGX_OK) {
            rc = ngx_ai_aws_finish(&out, mark);
        }

        good &= (rc == NGX_DECLINED);

        ngx_ai_buf_free(&out);
    }

    ok(good, "a frame that does not fit the buffer is declined");

    ngx_ai_buf_init(&out, max, &ngx_shim_log);
    ngx_shim_fail_at = 1;

    is_int(ngx_ai_aws_begin(&out, &aws_chunk_name, 0, &mark), NGX_ERROR,
           "no memory for a frame is an error");

    ngx_ai_buf_free(&out);
}


/* a frame of 2 MB, byte by byte, 2 MB of small ones, one of small headers */

static void
aws_test_time(void)
{
    size_t               i, len, events;
    u_char              *in, *p;
    clock_t              start;
    ngx_uint_t           k;
    ngx_ai_aws_t         s;
    ngx_ai_sse_event_t   ev;

    static const char *const  names[] = {
        "a long frame, byte by byte",
        "many frames",
        "many headers"
    };

    len = 2 * 1024 * 1024;
    in = malloc(len);

    for (k = 0; k < 3; k++) {
        memset(in, 0, len);

        if (k == 1) {
            for (i = 0; i < len; i += 16) {
                aws_seal(in + i, 16, 0);
            }

        } else {
            aws_seal(in, len, k ? len - 16 : 0);
        }

        start = clock();
        events = 0;
        p = in;

        ngx_ai_aws_init(&s, len);

        for (i = k ? len : 1; i <= len; i++) {
            while (ngx_ai_aws_next(&s, &p, in + i, &ev) == NGX_OK) {
                events++;
            }
        }

        ok(p == in + len && events == (k == 1 ? len / 16 : 1)
           && (clock() - start) / CLOCKS_PER_SEC < 5,
           "time is linear: %s", names[k]);
    }

    free(in);
}
