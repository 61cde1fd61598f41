
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _RESPONSES_SINK_H_INCLUDED_
#define _RESPONSES_SINK_H_INCLUDED_


/* what is written, for t/unit/responses_sink.c */


#include "responses.h"


#define TEXTS                                                                 \
    "created 'resp_' 'in_progress' null null 'gpt-5' [] \n"                   \
    "in_progress 'resp_' 'in_progress' null null 'gpt-5' [] \n"               \
    "output_item.added 'output_index':0,'item':{'id':'msg_0000','type':'m"    \
    "essage','status':'in_progress','role':'assistant','content':[]}\n"       \
    "content_part.added 'item_id':'msg_0000','output_index':0,'content_in"    \
    "dex':0,'part':{'type':'output_text','annotations':[],'logprobs':[],'"    \
    "text':''}\n"                                                             \
    "output_text.delta 'item_id':'msg_0000','output_index':0,'content_ind"    \
    "ex':0,'delta':'Hi \\ud83d','logprobs':[]\n"                              \
    "output_text.delta 'item_id':'msg_0000','output_index':0,'content_ind"    \
    "ex':0,'delta':'','logprobs':[{'token':'Hi', 'logprob':-0.0}]\n"          \
    "ping\n"                                                                  \
    "output_text.delta 'item_id':'msg_0000','output_index':0,'content_ind"    \
    "ex':0,'delta':'\\ude00','logprobs':[]\n"                                 \
    "output_text.delta 'item_id':'msg_0000','output_index':0,'content_ind"    \
    "ex':0,'delta':'','logprobs':[{'token':'Hi', 'logprob':-0.0}]\n"          \
    "output_text.annotation.added 'item_id':'msg_0000','output_index':0,'"    \
    "content_index':0,'annotation_index':0,'annotation':{'type':'url_cita"    \
    "tion','url':'u','title':'t','start_index':0,'end_index':2}\n"            \
    "output_text.annotation.added 'item_id':'msg_0000','output_index':0,'"    \
    "content_index':0,'annotation_index':1,'annotation':{'type':'file_cit"    \
    "ation','file_id':'doc','filename':'t','index':0}\n"                      \
    "output_text.done 'item_id':'msg_0000','output_index':0,'content_inde"    \
    "x':0,'text':'Hi \\ud83d\\ude00','logprobs':[{'token':'Hi', 'logprob'"    \
    ":-0.0},{'token':'Hi', 'logprob':-0.0}]\n"                                \
    "content_part.done 'item_id':'msg_0000','output_index':0,'content_ind"    \
    "ex':0,'part':{'type':'output_text','text':'Hi \\ud83d\\ude00','annot"    \
    "ations':[{'type':'url_citation','url':'u','title':'t','start_index':"    \
    "0,'end_index':2},{'type':'file_citation','file_id':'doc','filename':"    \
    "'t','index':0}],'logprobs':[{'token':'Hi', 'logprob':-0.0},{'token':"    \
    "'Hi', 'logprob':-0.0}]}\n"                                               \
    "content_part.added 'item_id':'msg_0000','output_index':0,'content_in"    \
    "dex':1,'part':{'type':'refusal','refusal':''}\n"                         \
    "refusal.delta 'item_id':'msg_0000','output_index':0,'content_index':"    \
    "1,'delta':'no'\n"                                                        \
    "refusal.done 'item_id':'msg_0000','output_index':0,'content_index':1"    \
    ",'refusal':'no'\n"                                                       \
    "content_part.done 'item_id':'msg_0000','output_index':0,'content_ind"    \
    "ex':1,'part':{'type':'refusal','refusal':'no'}\n"                        \
    "output_item.done 'output_index':0,'item':{'id':'msg_0000','type':'me"    \
    "ssage','role':'assistant','content':[{'type':'output_text','text':'H"    \
    "i \\ud83d\\ude00','annotations':[{'type':'url_citation','url':'u','t"    \
    "itle':'t','start_index':0,'end_index':2},{'type':'file_citation','fi"    \
    "le_id':'doc','filename':'t','index':0}],'logprobs':[{'token':'Hi', '"    \
    "logprob':-0.0},{'token':'Hi', 'logprob':-0.0}]},{'type':'refusal','r"    \
    "efusal':'no'}],'status':'completed'}\n"                                  \
    "completed 'resp_' 'completed' null null 'gpt-5' [{'id':'msg_0000','t"    \
    "ype':'message','role':'assistant','content':[{'type':'output_text','"    \
    "text':'Hi \\ud83d\\ude00','annotations':[{'type':'url_citation','url"    \
    "':'u','title':'t','start_index':0,'end_index':2},{'type':'file_citat"    \
    "ion','file_id':'doc','filename':'t','index':0}],'logprobs':[{'token'"    \
    ":'Hi', 'logprob':-0.0},{'token':'Hi', 'logprob':-0.0}]},{'type':'ref"    \
    "usal','refusal':'no'}],'status':'completed'}] \n"

#define THOUGHTS                                                              \
    "created 'resp_' 'in_progress' null null 'asked-model' [] \n"             \
    "in_progress 'resp_' 'in_progress' null null 'asked-model' [] \n"         \
    "output_item.added 'output_index':0,'item':{'id':'rs_0000','type':'re"    \
    "asoning','status':'in_progress','summary':[]}\n"                         \
    "reasoning_summary_part.added 'item_id':'rs_0000','output_index':0,'s"    \
    "ummary_index':0,'part':{'type':'summary_text','text':''}\n"              \
    "reasoning_summary_text.delta 'item_id':'rs_0000','output_index':0,'s"    \
    "ummary_index':0,'delta':'a'\n"                                           \
    "reasoning_summary_text.done 'item_id':'rs_0000','output_index':0,'su"    \
    "mmary_index':0,'text':'a'\n"                                             \
    "reasoning_summary_part.done 'item_id':'rs_0000','output_index':0,'su"    \
    "mmary_index':0,'part':{'type':'summary_text','text':'a'}\n"              \
    "reasoning_summary_part.added 'item_id':'rs_0000','output_index':0,'s"    \
    "ummary_index':1,'part':{'type':'summary_text','text':''}\n"              \
    "reasoning_summary_text.delta 'item_id':'rs_0000','output_index':0,'s"    \
    "ummary_index':1,'delta':'b'\n"                                           \
    "reasoning_summary_text.done 'item_id':'rs_0000','output_index':0,'su"    \
    "mmary_index':1,'text':'b'\n"                                             \
    "reasoning_summary_part.done 'item_id':'rs_0000','output_index':0,'su"    \
    "mmary_index':1,'part':{'type':'summary_text','text':'b'}\n"              \
    "output_item.done 'output_index':0,'item':{'id':'rs_0000','type':'rea"    \
    "soning','summary':[{'type':'summary_text','text':'a'},{'type':'summa"    \
    "ry_text','text':'b'}],'encrypted_content':'aigw.3.SIG1','status':'co"    \
    "mpleted'}\n"                                                             \
    "output_item.added 'output_index':1,'item':{'id':'rs_0001','type':'re"    \
    "asoning','status':'in_progress','summary':[]}\n"                         \
    "reasoning_summary_part.added 'item_id':'rs_0001','output_index':1,'s"    \
    "ummary_index':0,'part':{'type':'summary_text','text':''}\n"              \
    "reasoning_summary_text.delta 'item_id':'rs_0001','output_index':1,'s"    \
    "ummary_index':0,'delta':'c'\n"                                           \
    "reasoning_summary_text.done 'item_id':'rs_0001','output_index':1,'su"    \
    "mmary_index':0,'text':'c'\n"                                             \
    "reasoning_summary_part.done 'item_id':'rs_0001','output_index':1,'su"    \
    "mmary_index':0,'part':{'type':'summary_text','text':'c'}\n"              \
    "output_item.done 'output_index':1,'item':{'id':'rs_0001','type':'rea"    \
    "soning','summary':[{'type':'summary_text','text':'c'}],'status':'com"    \
    "pleted'}\n"                                                              \
    "output_item.added 'output_index':2,'item':{'id':'rs_0002','type':'re"    \
    "asoning','status':'in_progress','summary':[]}\n"                         \
    "output_item.done 'output_index':2,'item':{'id':'rs_0002','type':'rea"    \
    "soning','summary':[],'encrypted_content':'aigw.3.redacted.DATA','sta"    \
    "tus':'completed'}\n"                                                     \
    "output_item.added 'output_index':3,'item':{'id':'rs_0003','type':'re"    \
    "asoning','status':'in_progress','summary':[]}\n"                         \
    "output_item.done 'output_index':3,'item':{'id':'rs_0003','type':'rea"    \
    "soning','summary':[],'encrypted_content':'aigw.3.SIG2','status':'com"    \
    "pleted'}\n"                                                              \
    "output_item.added 'output_index':4,'item':{'id':'msg_0004','type':'m"    \
    "essage','status':'in_progress','role':'assistant','content':[]}\n"       \
    "content_part.added 'item_id':'msg_0004','output_index':4,'content_in"    \
    "dex':0,'part':{'type':'output_text','annotations':[],'logprobs':[],'"    \
    "text':''}\n"                                                             \
    "output_text.delta 'item_id':'msg_0004','output_index':4,'content_ind"    \
    "ex':0,'delta':'d','logprobs':[]\n"                                       \
    "output_text.done 'item_id':'msg_0004','output_index':4,'content_inde"    \
    "x':0,'text':'d','logprobs':[]\n"                                         \
    "content_part.done 'item_id':'msg_0004','output_index':4,'content_ind"    \
    "ex':0,'part':{'type':'output_text','text':'d','annotations':[],'logp"    \
    "robs':[]}\n"                                                             \
    "output_item.done 'output_index':4,'item':{'id':'msg_0004','type':'me"    \
    "ssage','role':'assistant','content':[{'type':'output_text','text':'d"    \
    "','annotations':[],'logprobs':[]}],'status':'completed'}\n"              \
    "output_item.added 'output_index':5,'item':{'id':'rs_0005','type':'re"    \
    "asoning','status':'in_progress','summary':[]}\n"                         \
    "reasoning_summary_part.added 'item_id':'rs_0005','output_index':5,'s"    \
    "ummary_index':0,'part':{'type':'summary_text','text':''}\n"              \
    "reasoning_summary_text.delta 'item_id':'rs_0005','output_index':5,'s"    \
    "ummary_index':0,'delta':'e'\n"                                           \
    "reasoning_summary_text.done 'item_id':'rs_0005','output_index':5,'su"    \
    "mmary_index':0,'text':'e'\n"                                             \
    "reasoning_summary_part.done 'item_id':'rs_0005','output_index':5,'su"    \
    "mmary_index':0,'part':{'type':'summary_text','text':'e'}\n"              \
    "output_item.done 'output_index':5,'item':{'id':'rs_0005','type':'rea"    \
    "soning','summary':[{'type':'summary_text','text':'e'}],'encrypted_co"    \
    "ntent':'SIG3','status':'completed'}\n"                                   \
    "completed 'resp_' 'completed' null null 'asked-model' [{'id':'rs_000"    \
    "0','type':'reasoning','summary':[{'type':'summary_text','text':'a'},"    \
    "{'type':'summary_text','text':'b'}],'encrypted_content':'aigw.3.SIG1"    \
    "','status':'completed'},{'id':'rs_0001','type':'reasoning','summary'"    \
    ":[{'type':'summary_text','text':'c'}],'status':'completed'},{'id':'r"    \
    "s_0002','type':'reasoning','summary':[],'encrypted_content':'aigw.3."    \
    "redacted.DATA','status':'completed'},{'id':'rs_0003','type':'reasoni"    \
    "ng','summary':[],'encrypted_content':'aigw.3.SIG2','status':'complet"    \
    "ed'},{'id':'msg_0004','type':'message','role':'assistant','content':"    \
    "[{'type':'output_text','text':'d','annotations':[],'logprobs':[]}],'"    \
    "status':'completed'},{'id':'rs_0005','type':'reasoning','summary':[{"    \
    "'type':'summary_text','text':'e'}],'encrypted_content':'SIG3','statu"    \
    "s':'completed'}] \n"

#define UNASKED                                                               \
    "created 'resp_' 'in_progress' null null 'asked-model' [] \n"             \
    "in_progress 'resp_' 'in_progress' null null 'asked-model' [] \n"         \
    "output_item.added 'output_index':0,'item':{'id':'rs_0000','type':'re"    \
    "asoning','status':'in_progress','summary':[]}\n"                         \
    "reasoning_summary_part.added 'item_id':'rs_0000','output_index':0,'s"    \
    "ummary_index':0,'part':{'type':'summary_text','text':''}\n"              \
    "reasoning_summary_text.delta 'item_id':'rs_0000','output_index':0,'s"    \
    "ummary_index':0,'delta':'a'\n"                                           \
    "reasoning_summary_text.done 'item_id':'rs_0000','output_index':0,'su"    \
    "mmary_index':0,'text':'a'\n"                                             \
    "reasoning_summary_part.done 'item_id':'rs_0000','output_index':0,'su"    \
    "mmary_index':0,'part':{'type':'summary_text','text':'a'}\n"              \
    "output_item.done 'output_index':0,'item':{'id':'rs_0000','type':'rea"    \
    "soning','summary':[{'type':'summary_text','text':'a'}],'status':'com"    \
    "pleted'}\n"                                                              \
    "completed 'resp_' 'completed' null null 'asked-model' [{'id':'rs_000"    \
    "0','type':'reasoning','summary':[{'type':'summary_text','text':'a'}]"    \
    ",'status':'completed'}] \n"

#define CALLS                                                                 \
    "created 'resp_' 'in_progress' null null 'asked-model' [] \n"             \
    "in_progress 'resp_' 'in_progress' null null 'asked-model' [] \n"         \
    "output_item.added 'output_index':0,'item':{'id':'fc_0000','type':'fu"    \
    "nction_call','status':'in_progress','arguments':'','call_id':'call_1"    \
    "','name':'f'}\n"                                                         \
    "function_call_arguments.delta 'item_id':'fc_0000','output_index':0,'"    \
    "delta':'{\\'a\\''\n"                                                     \
    "function_call_arguments.delta 'item_id':'fc_0000','output_index':0,'"    \
    "delta':':1}'\n"                                                          \
    "function_call_arguments.done 'item_id':'fc_0000','output_index':0,'a"    \
    "rguments':'{\\'a\\':1}'\n"                                               \
    "output_item.done 'output_index':0,'item':{'id':'fc_0000','type':'fun"    \
    "ction_call','call_id':'call_1','name':'f','arguments':'{\\'a\\':1}',"    \
    "'status':'completed'}\n"                                                 \
    "output_item.added 'output_index':1,'item':{'id':'fc_0001','type':'fu"    \
    "nction_call','status':'in_progress','arguments':'','call_id':'call_2"    \
    "','name':'g'}\n"                                                         \
    "function_call_arguments.delta 'item_id':'fc_0001','output_index':1,'"    \
    "delta':'{}'\n"                                                           \
    "function_call_arguments.done 'item_id':'fc_0001','output_index':1,'a"    \
    "rguments':'{}'\n"                                                        \
    "output_item.done 'output_index':1,'item':{'id':'fc_0001','type':'fun"    \
    "ction_call','call_id':'call_2','name':'g','arguments':'{}','status':"    \
    "'completed'}\n"                                                          \
    "output_item.added 'output_index':2,'item':{'id':'msg_0002','type':'m"    \
    "essage','status':'in_progress','role':'assistant','content':[]}\n"       \
    "content_part.added 'item_id':'msg_0002','output_index':2,'content_in"    \
    "dex':0,'part':{'type':'output_text','annotations':[],'logprobs':[],'"    \
    "text':''}\n"                                                             \
    "output_text.delta 'item_id':'msg_0002','output_index':2,'content_ind"    \
    "ex':0,'delta':'t','logprobs':[]\n"                                       \
    "output_text.done 'item_id':'msg_0002','output_index':2,'content_inde"    \
    "x':0,'text':'t','logprobs':[]\n"                                         \
    "content_part.done 'item_id':'msg_0002','output_index':2,'content_ind"    \
    "ex':0,'part':{'type':'output_text','text':'t','annotations':[],'logp"    \
    "robs':[]}\n"                                                             \
    "output_item.done 'output_index':2,'item':{'id':'msg_0002','type':'me"    \
    "ssage','role':'assistant','content':[{'type':'output_text','text':'t"    \
    "','annotations':[],'logprobs':[]}],'status':'completed'}\n"              \
    "output_item.added 'output_index':3,'item':{'id':'fc_0003','type':'fu"    \
    "nction_call','status':'in_progress','arguments':'','call_id':'call_3"    \
    "~aigw.4.SIG','name':'h'}\n"                                              \
    "function_call_arguments.delta 'item_id':'fc_0003','output_index':3,'"    \
    "delta':'{\\'b\\':\\'\\\\n\\'}'\n"                                        \
    "function_call_arguments.done 'item_id':'fc_0003','output_index':3,'a"    \
    "rguments':'{\\'b\\':\\'\\\\n\\'}'\n"                                     \
    "output_item.done 'output_index':3,'item':{'id':'fc_0003','type':'fun"    \
    "ction_call','call_id':'call_3~aigw.4.SIG','name':'h','arguments':'{"     \
    "\\'b\\':\\'\\\\n\\'}','status':'completed'}\n"                           \
    "output_item.added 'output_index':4,'item':{'id':'ctc_0004','type':'c"    \
    "ustom_tool_call','status':'in_progress','input':'','call_id':'call_4"    \
    "','name':'h'}\n"                                                         \
    "custom_tool_call_input.delta 'item_id':'ctc_0004','output_index':4,'"    \
    "delta':'in'\n"                                                           \
    "custom_tool_call_input.done 'item_id':'ctc_0004','output_index':4,'i"    \
    "nput':'in'\n"                                                            \
    "output_item.done 'output_index':4,'item':{'id':'ctc_0004','type':'cu"    \
    "stom_tool_call','call_id':'call_4','name':'h','input':'in','status':"    \
    "'completed'}\n"                                                          \
    "completed 'resp_' 'completed' null null 'asked-model' [{'id':'fc_000"    \
    "0','type':'function_call','call_id':'call_1','name':'f','arguments':"    \
    "'{\\'a\\':1}','status':'completed'},{'id':'fc_0001','type':'function"    \
    "_call','call_id':'call_2','name':'g','arguments':'{}','status':'comp"    \
    "leted'},{'id':'msg_0002','type':'message','role':'assistant','conten"    \
    "t':[{'type':'output_text','text':'t','annotations':[],'logprobs':[]}"    \
    "],'status':'completed'},{'id':'fc_0003','type':'function_call','call"    \
    "_id':'call_3~aigw.4.SIG','name':'h','arguments':'{\\'b\\':\\'\\\\n\\"    \
    "'}','status':'completed'},{'id':'ctc_0004','type':'custom_tool_call'"    \
    ",'call_id':'call_4','name':'h','input':'in','status':'completed'}] "     \
    "\n"

#define CUSTOMS                                                               \
    "created 'resp_' 'in_progress' null null 'asked-model' [] \n"             \
    "in_progress 'resp_' 'in_progress' null null 'asked-model' [] \n"         \
    "output_item.added 'output_index':0,'item':{'id':'ctc_0000','type':'c"    \
    "ustom_tool_call','status':'in_progress','input':'','call_id':'c1','n"    \
    "ame':'p'}\n"                                                             \
    "custom_tool_call_input.delta 'item_id':'ctc_0000','output_index':0,'"    \
    "delta':'*** \\n'\n"                                                      \
    "custom_tool_call_input.done 'item_id':'ctc_0000','output_index':0,'i"    \
    "nput':'*** \\n'\n"                                                       \
    "output_item.done 'output_index':0,'item':{'id':'ctc_0000','type':'cu"    \
    "stom_tool_call','call_id':'c1','name':'p','input':'*** \\n','status'"    \
    ":'completed'}\n"                                                         \
    "output_item.added 'output_index':1,'item':{'id':'ctc_0001','type':'c"    \
    "ustom_tool_call','status':'in_progress','input':'','call_id':'c2','n"    \
    "ame':'p'}\n"                                                             \
    "custom_tool_call_input.delta 'item_id':'ctc_0001','output_index':1,'"    \
    "delta':'{\\'input\\':7}'\n"                                              \
    "custom_tool_call_input.done 'item_id':'ctc_0001','output_index':1,'i"    \
    "nput':'{\\'input\\':7}'\n"                                               \
    "output_item.done 'output_index':1,'item':{'id':'ctc_0001','type':'cu"    \
    "stom_tool_call','call_id':'c2','name':'p','input':'{\\'input\\':7}',"    \
    "'status':'completed'}\n"                                                 \
    "output_item.added 'output_index':2,'item':{'id':'fc_0002','type':'fu"    \
    "nction_call','status':'in_progress','arguments':'','call_id':'c3','n"    \
    "ame':'q'}\n"                                                             \
    "function_call_arguments.delta 'item_id':'fc_0002','output_index':2,'"    \
    "delta':'{\\'input\\':\\'x\\'}'\n"                                        \
    "function_call_arguments.done 'item_id':'fc_0002','output_index':2,'a"    \
    "rguments':'{\\'input\\':\\'x\\'}'\n"                                     \
    "output_item.done 'output_index':2,'item':{'id':'fc_0002','type':'fun"    \
    "ction_call','call_id':'c3','name':'q','arguments':'{\\'input\\':\\'x"    \
    "\\'}','status':'completed'}\n"                                           \
    "completed 'resp_' 'completed' null null 'asked-model' [{'id':'ctc_00"    \
    "00','type':'custom_tool_call','call_id':'c1','name':'p','input':'***"    \
    " \\n','status':'completed'},{'id':'ctc_0001','type':'custom_tool_cal"    \
    "l','call_id':'c2','name':'p','input':'{\\'input\\':7}','status':'com"    \
    "pleted'},{'id':'fc_0002','type':'function_call','call_id':'c3','name"    \
    "':'q','arguments':'{\\'input\\':\\'x\\'}','status':'completed'}] \n"

#define WHOLE                                                                 \
    "created 'resp_' 'in_progress' null null 'asked-model' [] \n"             \
    "in_progress 'resp_' 'in_progress' null null 'asked-model' [] \n"         \
    "output_item.added 'output_index':0,'item':{'type': 'x_call'}\n"          \
    "output_item.done 'output_index':0,'item':{'type': 'x_call'}\n"           \
    "output_item.added 'output_index':1,'item':{'id':'ig_0001','type':'im"    \
    "age_generation_call','status':'in_progress','result':null}\n"            \
    "image_generation_call.in_progress 'item_id':'ig_0001','output_index'"    \
    ":1\n"                                                                    \
    "image_generation_call.generating 'item_id':'ig_0001','output_index':"    \
    "1\n"                                                                     \
    "image_generation_call.completed 'item_id':'ig_0001','output_index':1"    \
    "\n"                                                                      \
    "output_item.done 'output_index':1,'item':{'id':'ig_0001','type':'ima"    \
    "ge_generation_call','output_format':'webp','result':'UklG','status':"    \
    "'completed'}\n"                                                          \
    "completed 'resp_' 'completed' null null 'asked-model' [{'type': 'x_c"    \
    "all'},{'id':'ig_0001','type':'image_generation_call','output_format'"    \
    ":'webp','result':'UklG','status':'completed'}] \n"

#define CUT                                                                   \
    "created 'resp_' 'in_progress' null null 'asked-model' [] \n"             \
    "in_progress 'resp_' 'in_progress' null null 'asked-model' [] \n"         \
    "output_item.added 'output_index':0,'item':{'id':'msg_0000','type':'m"    \
    "essage','status':'in_progress','role':'assistant','content':[]}\n"       \
    "content_part.added 'item_id':'msg_0000','output_index':0,'content_in"    \
    "dex':0,'part':{'type':'output_text','annotations':[],'logprobs':[],'"    \
    "text':''}\n"                                                             \
    "output_text.delta 'item_id':'msg_0000','output_index':0,'content_ind"    \
    "ex':0,'delta':'a','logprobs':[]\n"                                       \
    "output_text.done 'item_id':'msg_0000','output_index':0,'content_inde"    \
    "x':0,'text':'a','logprobs':[]\n"                                         \
    "content_part.done 'item_id':'msg_0000','output_index':0,'content_ind"    \
    "ex':0,'part':{'type':'output_text','text':'a','annotations':[],'logp"    \
    "robs':[]}\n"                                                             \
    "output_item.done 'output_index':0,'item':{'id':'msg_0000','type':'me"    \
    "ssage','role':'assistant','content':[{'type':'output_text','text':'a"    \
    "','annotations':[],'logprobs':[]}],'status':'completed'}\n"              \
    "output_item.added 'output_index':1,'item':{'id':'fc_0001','type':'fu"    \
    "nction_call','status':'in_progress','arguments':'','call_id':'c','na"    \
    "me':'f'}\n"                                                              \
    "function_call_arguments.delta 'item_id':'fc_0001','output_index':1,'"    \
    "delta':'{\\'a'\n"                                                        \
    "function_call_arguments.done 'item_id':'fc_0001','output_index':1,'a"    \
    "rguments':'{\\'a'\n"                                                     \
    "output_item.done 'output_index':1,'item':{'id':'fc_0001','type':'fun"    \
    "ction_call','call_id':'c','name':'f','arguments':'{\\'a','status':'i"    \
    "ncomplete'}\n"                                                           \
    "incomplete 'resp_' 'incomplete' null {'reason':'max_output_tokens'} "    \
    "'asked-model' [{'id':'msg_0000','type':'message','role':'assistant',"    \
    "'content':[{'type':'output_text','text':'a','annotations':[],'logpro"    \
    "bs':[]}],'status':'completed'},{'id':'fc_0001','type':'function_call"    \
    "','call_id':'c','name':'f','arguments':'{\\'a','status':'incomplete'"    \
    "}] \n"

#define FILTERED                                                              \
    "created 'resp_' 'in_progress' null null 'asked-model' [] \n"             \
    "in_progress 'resp_' 'in_progress' null null 'asked-model' [] \n"         \
    "incomplete 'resp_' 'incomplete' null {'reason':'content_filter'} 'as"    \
    "ked-model' [] \n"

#define FAILED                                                                \
    "created 'resp_' 'in_progress' null null 'asked-model' [] \n"             \
    "in_progress 'resp_' 'in_progress' null null 'asked-model' [] \n"         \
    "failed 'resp_' 'failed' {'code':'server_error','message':'The model "    \
    "failed.' null,'error':{'code':'server_error','message':'The model fa"    \
    "iled.'} 'asked-model' [] \n"

#define ERROR                                                                 \
    "created 'resp_' 'in_progress' null null 'asked-model' [] \n"             \
    "in_progress 'resp_' 'in_progress' null null 'asked-model' [] \n"         \
    "output_item.added 'output_index':0,'item':{'id':'msg_0000','type':'m"    \
    "essage','status':'in_progress','role':'assistant','content':[]}\n"       \
    "content_part.added 'item_id':'msg_0000','output_index':0,'content_in"    \
    "dex':0,'part':{'type':'output_text','annotations':[],'logprobs':[],'"    \
    "text':''}\n"                                                             \
    "output_text.delta 'item_id':'msg_0000','output_index':0,'content_ind"    \
    "ex':0,'delta':'a','logprobs':[]\n"                                       \
    "output_text.done 'item_id':'msg_0000','output_index':0,'content_inde"    \
    "x':0,'text':'a','logprobs':[]\n"                                         \
    "content_part.done 'item_id':'msg_0000','output_index':0,'content_ind"    \
    "ex':0,'part':{'type':'output_text','text':'a','annotations':[],'logp"    \
    "robs':[]}\n"                                                             \
    "output_item.done 'output_index':0,'item':{'id':'msg_0000','type':'me"    \
    "ssage','role':'assistant','content':[{'type':'output_text','text':'a"    \
    "','annotations':[],'logprobs':[]}],'status':'completed'}\n"              \
    "output_item.added 'output_index':1,'item':{'id':'fc_0001','type':'fu"    \
    "nction_call','status':'in_progress','arguments':'','call_id':'c','na"    \
    "me':'f'}\n"                                                              \
    "function_call_arguments.delta 'item_id':'fc_0001','output_index':1,'"    \
    "delta':'{'\n"                                                            \
    "error 'error':{'message':'Slow \\'down\\'.','type':'requests','param"    \
    "':null,'code':'rate_limit_exceeded'}\n"                                  \
    "failed 'resp_' 'failed' {'code':'rate_limit_exceeded','message':'Slo"    \
    "w \\'down\\'.' null,'error':{'code':'rate_limit_exceeded','message':"    \
    "'Slow \\'down\\'.'} 'asked-model' [{'id':'msg_0000','type':'message'"    \
    ",'role':'assistant','content':[{'type':'output_text','text':'a','ann"    \
    "otations':[],'logprobs':[]}],'status':'completed'}] \n"

#define ERROR_ALONE                                                           \
    "error 'error':{'message':'Slow \\'down\\'.','type':'requests','param"    \
    "':null,'code':'rate_limit_exceeded'}\n"

#define ECHO                                                                  \
    "created 'resp_' 'in_progress' null null 'asked-model' [] \n"             \
    "in_progress 'resp_' 'in_progress' null null 'asked-model' [] \n"         \
    "completed 'resp_' 'completed' null null 'asked-model' [] \n"


#endif /* _RESPONSES_SINK_H_INCLUDED_ */
