
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _JSON_TEXTS_H_INCLUDED_
#define _JSON_TEXTS_H_INCLUDED_


/*
 * What all readers of JSON take, and what they refuse: where, and why.
 */


#include <ngx_config.h>
#include <ngx_core.h>


#define JSON_GOOD  (sizeof(json_good) / sizeof(json_good[0]))
#define JSON_BAD   (sizeof(json_bad) / sizeof(json_bad[0]))


static const char  *const json_good[] = {
    "{}", "[]", "\"\"", "null", "true", "false", "0", "-0", "1.0", "1e400",
    "-1.5E-10", "10", "0.0", "0e0", "0E+1", "12345678901234567890123",
    " \t\r\n{ \t\r\n} \t\r\n", "[ ]", "[1]", "[1,2]", "[ 1 , 2 ]",
    "[[],{},[[]],{\"a\":[]}]", "{\"a\":1}", "{\"a\" : 1 , \"b\" : 2 }",
    "{\"a\":{\"a\":{\"a\":{}}}}", "{\"\":0}", "[\"\",\"a\"]",
    "{\"a\":1,\"a\":2}", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"",
    "\"\\u0000\"", "\"\\ud83d\\ude00\"", "\"\\uDBFF\\uDFFF\"",
    "\"\x7f\"", "\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\"",
    "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"", "\"\xef\xbb\xbf\"",
    "\"a string longer than sixteen bytes, and \\\"more\\\" of it\"",
    "[true,false,null,0,-1,\"x\"]", "[0,0.1,1e1,1E1,1e+1,1e-1]",
    "{\"model\":\"m\",\"model\":\"n\"}", "\n[\n1\n]\n", "12 ", "  12",
    "\"\xed\x9f\xbf\xee\x80\x80\""
};


static const struct {
    const char  *text;
    off_t        offset;
    const char  *error;
} json_bad[] = {
    { "", 0, "empty document" },
    { " \n", 2, "empty document" },
    { "\xef\xbb\xbf{}", 0, "unexpected character" },
    { "\xff\xfe", 0, "unexpected character" },
    { "{}}", 2, "unexpected character" },
    { "{} {}", 3, "unexpected character" },
    { "[]x", 2, "unexpected character" },
    { "[],", 2, "unexpected character" },
    { "1,", 1, "unexpected character" },
    { "1 2", 2, "unexpected character" },
    { "null null", 5, "unexpected character" },
    { "\"a\"\"b\"", 3, "unexpected character" },
    { "{\"a\"}", 4, "unexpected character" },
    { "{\"a\":}", 5, "unexpected character" },
    { "{\"a\":1,}", 7, "unexpected character" },
    { "{,}", 1, "unexpected character" },
    { "{\"a\":1 \"b\":2}", 7, "unexpected character" },
    { "{\"a\" 1}", 5, "unexpected character" },
    { "{\"a\"::1}", 5, "unexpected character" },
    { "{\"a\":1]", 6, "unexpected character" },
    { "{a:1}", 1, "unexpected character" },
    { "{'a':1}", 1, "unexpected character" },
    { "{1:1}", 1, "unexpected character" },
    { "{null:1}", 1, "unexpected character" },
    { "{]", 1, "unexpected character" },
    { "[}", 1, "unexpected character" },
    { "[1}", 2, "unexpected character" },
    { "[1,]", 3, "unexpected character" },
    { "[,1]", 1, "unexpected character" },
    { "[1,,2]", 3, "unexpected character" },
    { "[1 2]", 3, "unexpected character" },
    { "[1:2]", 2, "unexpected character" },
    { "[\"a\":1]", 4, "unexpected character" },
    { "]", 0, "unexpected character" },
    { "}", 0, "unexpected character" },
    { ",", 0, "unexpected character" },
    { ":", 0, "unexpected character" },
    { "[1/**/]", 2, "unexpected character" },
    { "/" "/ c\n1", 0, "unexpected character" },
    { "# c\n1", 0, "unexpected character" },
    { "\f[]", 0, "unexpected character" },
    { "\v[]", 0, "unexpected character" },
    { "[\xc2\xa0]", 1, "unexpected character" },
    { "\xe2\x80\xa8[]", 0, "unexpected character" },
    { "True", 0, "unexpected character" },
    { "NaN", 0, "unexpected character" },
    { "Infinity", 0, "unexpected character" },
    { "undefined", 0, "unexpected character" },
    { "tru ", 3, "invalid literal" },
    { "truE", 3, "invalid literal" },
    { "truee", 4, "unexpected character" },
    { "nul]", 3, "invalid literal" },
    { "[fals,1]", 5, "invalid literal" },
    { "nan", 1, "invalid literal" },
    { "+1", 0, "unexpected character" },
    { ".5", 0, "unexpected character" },
    { "[-]", 2, "invalid number" },
    { "[--1]", 2, "invalid number" },
    { "[-Infinity]", 2, "invalid number" },
    { "[01]", 2, "invalid number" },
    { "[-01]", 3, "invalid number" },
    { "[00]", 2, "invalid number" },
    { "[1.]", 3, "invalid number" },
    { "[1.e1]", 3, "invalid number" },
    { "[1..2]", 3, "invalid number" },
    { "[1e]", 3, "invalid number" },
    { "[1e+]", 4, "invalid number" },
    { "[1e+-1]", 4, "invalid number" },
    { "[1e1.5]", 4, "unexpected character" },
    { "[1e1e1]", 4, "unexpected character" },
    { "[1.2.3]", 4, "unexpected character" },
    { "[0x10]", 2, "unexpected character" },
    { "[1_000]", 2, "unexpected character" },
    { "[1a]", 2, "unexpected character" },
    { "[1+1]", 2, "unexpected character" },
    { "\"\n\"", 1, "control character in a string" },
    { "\"a\tb\"", 2, "control character in a string" },
    { "\"0123456789abcdef\x1f\"", 17, "control character in a string" },
    { "{\"a\nb\":1}", 3, "control character in a string" },
    { "\"\\v\"", 2, "invalid escape" },
    { "\"\\x41\"", 2, "invalid escape" },
    { "\"\\'\"", 2, "invalid escape" },
    { "\"\\\n\"", 2, "invalid escape" },
    { "\"\\u12g4\"", 5, "invalid escape" },
    { "\"\\u12\"", 5, "invalid escape" },
    { "{\"\\u00zz\":1}", 6, "invalid escape" },
    { "\"\\ud800\"", 7, "lone surrogate" },
    { "\"\\udc00\"", 6, "lone surrogate" },
    { "\"\\ud800\\n\"", 8, "lone surrogate" },
    { "\"\\ud800\\ud800\"", 12, "lone surrogate" },
    { "\"\\ud800abcdefghijkl\"", 7, "lone surrogate" },
    { "{\"\\udead\":1}", 7, "lone surrogate" },
    { "\"\x80\"", 1, "invalid UTF-8" },
    { "\"\xc0\xaf\"", 1, "invalid UTF-8" },
    { "\"\xe0\x80\xaf\"", 2, "invalid UTF-8" },
    { "\"\xed\xa0\xbd\xed\xb8\x80\"", 2, "invalid UTF-8" },
    { "\"\xf4\x90\x80\x80\"", 2, "invalid UTF-8" },
    { "\"\xf8\x88\x80\x80\x80\"", 1, "invalid UTF-8" },
    { "\"\xe2\x82\"", 3, "invalid UTF-8" },
    { "\"\xe2\x82\xac\xe2\x28\xa1\"", 5, "invalid UTF-8" },
    { "{\"\xff\":1}", 2, "invalid UTF-8" },
    { "\"", 1, "unexpected end" },
    { "\"\\\"", 3, "unexpected end" },
    { "\"\\u004", 6, "unexpected end" },
    { "\"\xe2\x82", 3, "unexpected end" },
    { "1.", 2, "unexpected end" },
    { "-", 1, "unexpected end" },
    { "1e", 2, "unexpected end" },
    { "[1", 2, "unexpected end" },
    { "{\"a\":1,\"b\"", 10, "unexpected end" }
};


#endif /* _JSON_TEXTS_H_INCLUDED_ */
