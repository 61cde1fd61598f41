
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"
#include "ngx_ai_multipart.h"

#include <time.h>


#define CD    "Content-Disposition: form-data; "
#define B     "--xyz\r\n"
#define END   "\r\n--xyz--\r\n"
#define MODEL CD "name=\"model\"\r\n\r\nm"


typedef struct {
    const char  *name;
    const char  *in;
    const char  *out;     /* the boundary; NULL: an error; "": not ours */
} boundary_vector_t;


/*
 * "out" is the value of "model" and then "#" and how many there are, "file"
 * when it is a file; or "!" and the error.
 */

typedef struct {
    const char  *name;
    const char  *in;
    const char  *out;
} scan_vector_t;


static void test_boundary(void);
static void test_scan(void);
static void test_cut(void);
static void test_fields(void);
static void test_names(void);
static void test_caps(void);
static void test_time(void);
static ngx_int_t scan_text(const char *in, size_t len, const char *boundary,
    ngx_ai_multipart_field_t *f, ngx_uint_t n, const char **error,
    tap_guard_t *g);


static const boundary_vector_t  boundary_vectors[] = {

    { "a boundary is taken",
      "multipart/form-data; boundary=xyz", "xyz" },
    { "the type is in any case",
      "Multipart/Form-Data; Boundary=xYz", "xYz" },
    { "blanks around a parameter do not matter",
      " multipart/form-data \t;\t boundary=xyz ", "xyz" },
    { "no blanks do not matter",
      "multipart/form-data;boundary=xyz", "xyz" },
    { "other parameters are passed over",
      "multipart/form-data; charset=utf-8; boundary=xyz; a=\"b;c\"", "xyz" },
    { "a boundary in another parameter's quotes is none",
      "multipart/form-data; a=\"; boundary=no; \\\"\"; boundary=xyz", "xyz" },
    { "empty parameters are passed over",
      "multipart/form-data;; boundary=xyz;", "xyz" },
    { "a boundary may be quoted",
      "multipart/form-data; boundary=\"x y:z\"", "x y:z" },
    { "a browser's boundary is taken",
      "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
      "----WebKitFormBoundary7MA4YWxkTrZu0gW" },
    { "an unquoted boundary may have '=' and '/'",
      "multipart/form-data; boundary===a/b:c?==", "==a/b:c?==" },
    { "a boundary of 70 bytes is taken",
      "multipart/form-data; boundary="
      "0123456789012345678901234567890123456789012345678901234567890123456789",
      "0123456789012345678901234567890123456789012345678901234567890123456789"
    },

    { "another type is not ours", "application/json", "" },
    { "another multipart type is not ours",
      "multipart/mixed; boundary=xyz", "" },
    { "a longer type is not ours", "multipart/form-data2; boundary=x", "" },
    { "a shorter type is not ours", "multipart/form-dat", "" },
    { "an empty type is not ours", "", "" },

    { "a boundary must be there", "multipart/form-data", NULL },
    { "a boundary must be there among parameters",
      "multipart/form-data; charset=utf-8", NULL },
    { "an empty boundary is an error", "multipart/form-data; boundary=", NULL },
    { "an empty quoted boundary is an error",
      "multipart/form-data; boundary=\"\"", NULL },
    { "two boundaries are an error",
      "multipart/form-data; boundary=a; boundary=a", NULL },
    { "two boundaries in two headers made one are an error",
      "multipart/form-data; boundary=a, multipart/form-data; boundary=b",
      NULL },
    { "a boundary of 71 bytes is an error",
      "multipart/form-data; boundary="
      "01234567890123456789012345678901234567890123456789012345678901234567890",
      NULL },
    { "an open quote is an error",
      "multipart/form-data; boundary=\"xyz", NULL },
    { "an open quote after a backslash is an error",
      "multipart/form-data; boundary=\"xyz\\", NULL },
    { "an open quote after an escaped quote is an error",
      "multipart/form-data; boundary=\"xyz\\\"", NULL },
    { "an escape in a boundary is an error",
      "multipart/form-data; boundary=\"x\\yz\"", NULL },
    { "a blank at the end of a boundary is an error",
      "multipart/form-data; boundary=\"xyz \"", NULL },
    { "a blank in an unquoted boundary is an error",
      "multipart/form-data; boundary=x yz", NULL },
    { "a control character in a boundary is an error",
      "multipart/form-data; boundary=\"x\tyz\"", NULL },
    { "a byte over 0x7f in a boundary is an error",
      "multipart/form-data; boundary=x\xc3\xa4", NULL },
    { "a byte that no boundary may have is an error at the start too",
      "multipart/form-data; boundary=@xyz", NULL },
    { "a control character in a parameter's name is an error",
      "multipart/form-data; a\x7f=b; boundary=xyz", NULL },
    { "text after a quoted boundary is an error",
      "multipart/form-data; boundary=\"xyz\"a", NULL },
    { "a parameter without a value is an error",
      "multipart/form-data; boundary", NULL },
    { "a parameter without a name is an error",
      "multipart/form-data; =xyz", NULL },
    { "blanks around '=' are an error",
      "multipart/form-data; boundary =xyz", NULL },
    { "an encoded boundary is an error",
      "multipart/form-data; boundary*=utf-8''xyz", NULL },
    { "a boundary in pieces is an error",
      "multipart/form-data; boundary=a; boundary*0=x", NULL },

    { NULL, NULL, NULL }
};


static const scan_vector_t  scan_vectors[] = {

    { "a field is found",
      B MODEL END, "m#1" },
    { "a field behind a file is found",
      B CD "name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n"
      "\r\n\r\n\n--xy\r\nRIFF\r\n" B MODEL END, "m#1" },
    { "a field before a file is found",
      B MODEL "\r\n" B CD "name=\"file\"; filename=\"model\"\r\n\r\nx" END,
      "m#1" },
    { "a field that is not there is not found",
      B CD "name=\"other\"\r\n\r\nx" END, "#0" },
    { "a form without parts is well-formed", "--xyz--\r\n", "#0" },
    { "an empty value is found",
      B CD "name=\"model\"\r\n\r\n" END, "#1" },
    { "a value keeps its blanks and line breaks",
      B MODEL " \r\n\n\r\n " END, "m \r\n\n\r\n #1" },
    { "a value may look like a delimiter",
      B MODEL "\r\n-- xyz\r\n--xy\r\n-xyz\r\n--XYZ--\r\n--" END,
      "m\r\n-- xyz\r\n--xy\r\n-xyz\r\n--XYZ--\r\n--#1" },
    { "a delimiter inside a line is none",
      B MODEL "--xyz--" END, "m--xyz--#1" },
    { "a delimiter after a CR is none",
      B MODEL "\r--xyz--" END, "m\r--xyz--#1" },
    { "both of two fields are counted and the first one is given",
      B MODEL "\r\n" B CD "name=\"model\"\r\n\r\nother" END, "m#2" },
    { "a field that is a file is marked",
      B CD "name=\"model\"; filename=\"\"\r\n\r\nm" END, "m#1file" },
    { "a field with an encoded file name is marked",
      B CD "name=\"model\"; filename*=utf-8''a\r\n\r\nm" END, "m#1file" },

    { "header names are in any case",
      B "cOnTeNt-dIsPoSiTiOn: Form-Data; Name=\"model\"\r\n\r\nm" END, "m#1" },
    { "blanks around a header's value do not matter",
      B "Content-Disposition:form-data;name=\"model\" \t\r\n\r\nm" END, "m#1" },
    { "a name may be unquoted",
      B CD "name=model\r\n\r\nm" END, "m#1" },
    { "other headers are passed over",
      B "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 1\r\n"
      "X:\r\n" CD "name=\"model\"\r\n\r\nm" END, "m#1" },
    { "headers with nearly the same name are passed over",
      B "Content-Disposition2: x\r\nContent-Dispositiom: x\r\n"
      "Content-Transfer-Encoding2: x\r\nContent-Transfer-Encodinh: x\r\n"
      MODEL END, "m#1" },
    { "other parameters are passed over",
      B CD "x=\"; name=a\"; filenames=1; names=2; name=model\r\n\r\nm" END,
      "m#1" },
    { "an escaped quote does not end a file name",
      B CD "filename=\"a\\\"; name=b; x=\\\"\"; name=\"model\"\r\n\r\nm" END,
      "m#1file" },
    { "a plain transfer encoding is passed over",
      B "Content-Transfer-Encoding: 8BIT\r\n" MODEL "\r\n"
      B "Content-Transfer-Encoding: 7bit \t\r\n" CD "name=e\r\n\r\nx\r\n"
      B "Content-Transfer-Encoding: binary\r\n" CD "name=f\r\n\r\nx" END,
      "m#1" },

    { "a preamble is passed over",
      "This is\r\n--xy\r\n--a--xyz\r\n" B MODEL END, "m#1" },
    { "an empty line may stand before the first delimiter",
      "\r\n" B MODEL END, "m#1" },
    { "an epilogue is passed over",
      B MODEL END "\n--xyz\r\n" MODEL END, "m#1" },
    { "the last line break may be missing",
      B MODEL "\r\n--xyz--", "m#1" },
    { "blanks may follow a delimiter",
      "--xyz \t\r\n" MODEL "\r\n--xyz-- ", "m#1" },
    { "blanks and a line break may follow the closing delimiter",
      B MODEL "\r\n--xyz-- \t\r\nepilogue", "m#1" },

    { "an empty body is an error", "", "!no closing boundary" },
    { "a body without a delimiter is an error",
      "model=m\r\n", "!no closing boundary" },
    { "a body of half a delimiter is an error",
      "--xy", "!no closing boundary" },
    { "a body of one delimiter is an error",
      "--xyz", "!no line break after a boundary" },
    { "another boundary is an error",
      "--abc\r\n" MODEL "\r\n--abc--\r\n", "!no closing boundary" },
    { "a body that ends in a value is an error",
      B MODEL, "!no closing boundary" },
    { "a body that ends in a delimiter is an error",
      B MODEL "\r\n--xyz", "!no line break after a boundary" },
    { "a closing delimiter with one dash is an error",
      B MODEL "\r\n--xyz-", "!no line break after a boundary" },
    { "a body that ends in the headers is an error",
      B CD "name=\"model\"\r\n", "!part headers are cut" },
    { "text after a delimiter is an error",
      "--xyzt\r\n" MODEL END, "!no line break after a boundary" },
    { "a letter and a bare LF after a delimiter are an error",
      "--xyzt\n" MODEL END, "!no line break after a boundary" },
    { "a bare CR after a delimiter is an error",
      "--xyz\rt" MODEL END, "!no line break after a boundary" },
    { "text after the closing delimiter is an error",
      B MODEL "\r\n--xyz--t\r\n", "!no line break after a boundary" },
    { "a bare LF after a delimiter is an error",
      "--xyz\n" MODEL END, "!no line break after a boundary" },
    { "a bare LF after the closing delimiter is an error",
      B MODEL "\r\n--xyz--\n", "!no line break after a boundary" },
    { "a bare LF before a delimiter is an error",
      B MODEL "\n--xyz--\r\n", "!bare LF before a boundary" },
    { "a bare LF before a delimiter in a preamble is an error",
      "\n" B MODEL END, "!bare LF before a boundary" },
    { "a bare LF in headers is an error",
      B CD "name=\"model\"\n\r\nm" END, "!bare LF in part headers" },
    { "a bare LF after the headers is an error",
      B CD "name=\"model\"\r\n\nm" END, "!bare LF in part headers" },
    { "a bare CR in headers is an error",
      B CD "name=\"model\"\rX: y\r\n\r\nm" END,
      "!control character in part headers" },
    { "a delimiter right behind the headers is an error",
      B CD "name=\"model\"\r\n\r\n--xyz--\r\n",
      "!no line break before a boundary" },
    { "a folded header is an error",
      B "Content-Disposition: form-data;\r\n name=\"model\"\r\n\r\nm" END,
      "!malformed part header" },
    { "a header without a colon is an error",
      B "X\r\n" MODEL END, "!malformed part header" },
    { "a header without a name is an error",
      B ": x\r\n" MODEL END, "!malformed part header" },
    { "a blank before a header's colon is an error",
      B "Content-Disposition : form-data; name=\"model\"\r\n\r\nm" END,
      "!malformed part header" },
    { "a part without headers is an error",
      B "\r\nm" END, "!a part has no name" },
    { "a part without a disposition is an error",
      B "Content-Type: text/plain\r\n\r\nm" END, "!a part has no name" },
    { "a part without a name is an error",
      B CD "filename=\"model\"\r\n\r\nm" END, "!a part has no name" },
    { "another disposition is an error",
      B "Content-Disposition: attachment; name=\"model\"\r\n\r\nm" END,
      "!malformed content-disposition" },
    { "another disposition of the same length is an error",
      B "Content-Disposition: form-file; name=\"model\"\r\n\r\nm" END,
      "!malformed content-disposition" },
    { "an empty disposition is an error",
      B "Content-Disposition: \r\n\r\nm" END,
      "!malformed content-disposition" },
    { "a longer disposition is an error",
      B "Content-Disposition: form-data2; name=\"model\"\r\n\r\nm" END,
      "!malformed content-disposition" },
    { "two dispositions are an error",
      B CD "name=\"a\"\r\n" MODEL END, "!malformed content-disposition" },
    { "two dispositions with one name are an error",
      B CD "filename=\"a\"\r\n" MODEL END,
      "!malformed content-disposition" },
    { "two names are an error",
      B CD "name=\"a\"; name=\"model\"\r\n\r\nm" END,
      "!malformed content-disposition" },
    { "an encoded name is an error",
      B CD "name*=utf-8''model\r\n\r\nm" END,
      "!malformed content-disposition" },
    { "a name in pieces is an error",
      B CD "name*0=mo; name*1=del\r\n\r\nm" END,
      "!malformed content-disposition" },
    { "an unknown escape in a name is an error",
      B CD "name=\"mo\\del\"\r\n\r\nm" END, "!malformed content-disposition" },
    { "an open quote is an error",
      B CD "name=\"model\r\n\r\nm" END, "!malformed content-disposition" },
    { "text after a quoted name is an error",
      B CD "name=\"model\"x\r\n\r\nm" END, "!malformed content-disposition" },
    { "an encoded part is an error",
      B "Content-Transfer-Encoding: base64\r\n" MODEL END,
      "!unsupported content-transfer-encoding" },
    { "an empty transfer encoding is an error",
      B "Content-Transfer-Encoding:\r\n" MODEL END,
      "!unsupported content-transfer-encoding" },
    { "an error behind the wanted field is an error",
      B MODEL "\r\n" B "X" END, "!malformed part header" },

    { NULL, NULL, NULL }
};


int
main(void)
{
    test_boundary();
    test_scan();
    test_cut();
    test_fields();
    test_names();
    test_caps();
    test_time();

    return done();
}


static void
test_boundary(void)
{
    ngx_int_t                 rc, want;
    ngx_str_t                 type, boundary;
    tap_guard_t               g;
    const boundary_vector_t  *v;

    for (v = boundary_vectors; v->name != NULL; v++) {
        type.len = strlen(v->in);
        type.data = tap_guard(&g, v->in, type.len);

        rc = ngx_ai_multipart_boundary(&type, &boundary);

        want = v->out == NULL ? NGX_ERROR : *v->out ? NGX_OK : NGX_DECLINED;

        ok(rc == want
           && (rc != NGX_OK
               || tap_same_bytes(boundary.data, boundary.len, v->out,
                                 strlen(v->out))),
           "%s", v->name);

        tap_unguard(&g);
    }
}


static void
test_scan(void)
{
    char                       got[256], *p;
    ngx_int_t                  rc;
    const char                *error;
    tap_guard_t                g;
    const scan_vector_t       *v;
    ngx_ai_multipart_field_t   f;

    for (v = scan_vectors; v->name != NULL; v++) {
        f.name.data = (u_char *) "model";
        f.name.len = 5;

        rc = scan_text(v->in, strlen(v->in), "xyz", &f, 1, &error, &g);

        if (rc == NGX_OK) {
            p = (char *) ngx_cpymem(got, f.value.data, f.value.len);
            sprintf(p, "#%u%s", (unsigned) f.count, f.file ? "file" : "");

        } else {
            sprintf(got, "!%s", error);
        }

        is_str(got, strlen(got), v->out, "%s", v->name);

        tap_unguard(&g);
    }
}


/* a body of which any byte is missing at the end says so */

static void
test_cut(void)
{
    size_t                     n, len;
    ngx_uint_t                 good;
    const char                *error;
    tap_guard_t                g;
    ngx_ai_multipart_field_t   f;

    static const char          in[] =
        B CD "name=\"file\"; filename=\"a\"\r\n\r\nRIFF\r\n" B MODEL
        "\r\n--xyz--";

    good = 1;
    len = sizeof(in) - 1;

    f.name.data = (u_char *) "model";
    f.name.len = 5;

    for (n = 0; n <= len; n++) {
        error = NULL;

        if (scan_text(in, n, "xyz", &f, 1, &error, &g)
            != (n == len ? NGX_OK : NGX_ERROR)
            || (n < len && error == NULL))
        {
            good = 0;
            diag("cut at %u", (unsigned) n);
        }

        tap_unguard(&g);
    }

    ok(good, "a body that is cut anywhere is an error with a reason");
}


static void
test_fields(void)
{
    const char                *error;
    tap_guard_t                g;
    ngx_ai_multipart_field_t   f[3];

    static const char          in[] =
        B CD "name=\"stream\"\r\n\r\ntrue\r\n" B MODEL END;

    ngx_memset(f, 0xff, sizeof(f));
    ngx_str_set(&f[0].name, "model");
    ngx_str_set(&f[1].name, "stream");
    ngx_str_set(&f[2].name, "user");

    is_int(scan_text(in, sizeof(in) - 1, "xyz", f, 3, &error, &g), NGX_OK,
           "several fields are looked for at once");
    is_str(f[0].value.data, f[0].value.len, "m", "the first one is found");
    is_str(f[1].value.data, f[1].value.len, "true", "the second one is found");
    ok(f[2].count == 0 && f[2].value.len == 0 && !f[2].file,
       "the third one is empty");
    ok(f[0].value.data == g.data + (strstr(in, "\r\n\r\nm") + 4 - in),
       "a value is in place");

    tap_unguard(&g);

    is_int(scan_text(in, sizeof(in) - 1, "xyz", NULL, 0, &error, &g), NGX_OK,
           "a body can be checked without wanting a field");

    tap_unguard(&g);
}


static void
test_names(void)
{
    char                       in[256];
    size_t                     i;
    const char                *error;
    tap_guard_t                g;
    ngx_ai_multipart_field_t   f;

    static const struct {
        const char  *header;
        const char  *name;
        ngx_uint_t   count;
    } cases[] = {
        { "name=\"a\\\"b\"", "a\"b", 1 },
        { "name=\"a\\\\b\"", "a\\b", 1 },
        { "name=\"a%22b\"", "a\"b", 1 },
        { "name=\"a%0D%0Ab\"", "a\r\nb", 1 },
        { "name=\"a%0d%0ab\"", "a\r\nb", 1 },
        { "name=\"a%22\"", "a\"", 1 },
        { "name=\"%25%32%0B%1A%0\"", "%25%32%0B%1A%0", 1 },
        { "name=\"a%41\"", "a%41", 1 },
        { "name=\"a%41\"", "aA", 0 },
        { "name=\"a%2\"", "a%2", 1 },
        { "name=a%22b", "a\"b", 0 },
        { "name=a%22b", "a%22b", 1 },
        { "name=\"ab\"", "a", 0 },
        { "name=\"a\"", "ab", 0 },
        { "name=\"A\"", "a", 0 },
        { "name=\"\"", "a", 0 },
        { "name=\"a[]\"", "a[]", 1 },
        { "name=\"\xc3\xa4\"", "\xc3\xa4", 1 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        f.name.data = (u_char *) cases[i].name;
        f.name.len = strlen(cases[i].name);

        sprintf(in, B CD "%s\r\n\r\nv" END, cases[i].header);

        ok(scan_text(in, strlen(in), "xyz", &f, 1, &error, &g) == NGX_OK
           && f.count == cases[i].count,
           "%s %s the field it is decoded to, case %u", cases[i].header,
           cases[i].count ? "is" : "is not", (unsigned) i);

        tap_unguard(&g);
    }
}


static void
test_caps(void)
{
    char                      *in, *p;
    size_t                     i;
    ngx_uint_t                 k;
    const char                *error;
    tap_guard_t                g;
    ngx_ai_multipart_field_t   f;

    in = malloc(100 * (NGX_AI_MULTIPART_PARTS + 2));
    ngx_str_set(&f.name, "model");

    /* "X: ...", the other header, the empty line */

    for (k = 0; k < 2; k++) {
        p = in + sprintf(in, B "X: ");
        i = NGX_AI_MULTIPART_HEADERS - strlen(CD "name=model\r\n\r\n") - 5 + k;
        memset(p, 'x', i);
        strcpy(p + i, "\r\n" CD "name=model\r\n\r\nm" END);

        error = "";

        if (k == 0) {
            is_int(scan_text(in, strlen(in), "xyz", &f, 1, &error, &g), NGX_OK,
                   "part headers of 8192 bytes are taken");

        } else {
            is_int(scan_text(in, strlen(in), "xyz", &f, 1, &error, &g),
                   NGX_ERROR, "part headers of 8193 bytes are an error");
            is_str(error, strlen(error), "part headers are too long",
                   "it is named");
        }

        tap_unguard(&g);
    }

    for (k = 0; k < 2; k++) {
        p = in;

        for (i = 0; i < NGX_AI_MULTIPART_PARTS + k; i++) {
            p += sprintf(p, B CD "name=model\r\n\r\nm\r\n");
        }

        strcpy(p, "--xyz--");
        error = "";

        if (k == 0) {
            ok(scan_text(in, strlen(in), "xyz", &f, 1, &error, &g) == NGX_OK
               && f.count == NGX_AI_MULTIPART_PARTS, "1024 parts are taken");

        } else {
            is_int(scan_text(in, strlen(in), "xyz", &f, 1, &error, &g),
                   NGX_ERROR, "1025 parts are an error");
            is_str(error, strlen(error), "too many parts", "it is named");
        }

        tap_unguard(&g);
    }

    free(in);
}


/* were any of these quadratic it would take minutes, they take 0.2 s */

static void
test_time(void)
{
    char                      *in;
    size_t                     len, head, i, unit;
    clock_t                    start;
    ngx_str_t                  body, boundary;
    ngx_uint_t                 k;
    const char                *error;
    ngx_ai_multipart_field_t   f;

    static const struct {
        const char  *name;
        const char  *boundary;
        const char  *unit;
    } cases[] = {
        { "line feeds", "xyz", "\n" },
        { "dashes and a boundary of dashes",
          "-----------------------------------------------------------", "-" },
        { "lines that nearly are a delimiter",
          "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
          "\r\n--xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        },
        { "delimiters inside one line", "x", "--x" },
        { "quotes and semicolons", "xyz", ";\"" }
    };

    len = 8 * 1024 * 1024;
    in = malloc(len + 256);
    ngx_str_set(&f.name, "model");

    for (k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        head = sprintf(in, "--%s\r\n" CD "name=model\r\n\r\nv",
                       cases[k].boundary);

        unit = strlen(cases[k].unit);

        for (i = head; i < len; i++) {
            in[i] = cases[k].unit[(i - head) % unit];
        }

        body.data = (u_char *) in;
        body.len = len + sprintf(in + len, "\r\n--%s--", cases[k].boundary);

        boundary.data = (u_char *) cases[k].boundary;
        boundary.len = strlen(cases[k].boundary);

        start = clock();

        ok(ngx_ai_multipart_scan(&body, &boundary, &f, 1, &error) == NGX_OK
           && f.value.len == len - head + 1
           && (clock() - start) / CLOCKS_PER_SEC < 5,
           "time is linear: %s", cases[k].name);
    }

    free(in);
}


/* the caller unguards */

static ngx_int_t
scan_text(const char *in, size_t len, const char *boundary,
    ngx_ai_multipart_field_t *f, ngx_uint_t n, const char **error,
    tap_guard_t *g)
{
    ngx_str_t  body, b;

    body.len = len;
    body.data = tap_guard(g, in, len);

    b.len = strlen(boundary);
    b.data = (u_char *) boundary;

    return ngx_ai_multipart_scan(&body, &b, f, n, error);
}
