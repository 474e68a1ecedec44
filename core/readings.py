# ruff: noqa: SIM905  (word lists are easier to read and check as text)
"""Tables for reading Chinese names: surnames, given-name characters, traditional forms.

A surname is often read otherwise than the character (单 Shàn, 解 Xiè), which no general
dictionary can know, so the table is ours.
"""

# One-character surnames whose reading differs from the common reading of the character.
SURNAMES: dict[str, str] = dict(
    pair.split(":")
    for pair in (
        "单:shan 解:xie 仇:qiu 曾:zeng 区:ou 朴:piao 查:zha 盖:ge 翟:zhai 覃:qin 乐:yue 尉:wei "
        "任:ren 华:hua 冼:xian 洗:xian 隗:wei 郗:xi 种:chong 缪:miao 牟:mu 员:yun 贠:yun 折:she "
        "黑:he 繁:po 祭:zhai 宓:mi 逄:pang 宁:ning 那:na 能:nai 过:guo 应:ying 要:yao 相:xiang "
        "燕:yan 洪:hong 葛:ge 阚:kan 谌:chen 薄:bo 柏:bai 宿:su 秘:bi 鲜:xian 都:du 句:gou 召:shao "
        "殷:yin 谷:gu 纪:ji 乜:nie 幺:yao 令:ling 哈:ha 车:che 卜:bu 石:shi 余:yu 俞:yu 沈:shen "
        "晟:cheng 郇:xun 郏:jia 郤:xi 厍:she 仝:tong 佴:nai 嫪:lao 訾:zi 逯:lu 眭:sui 昝:zan 闵:min "
        "澹:tan 枚:mei 盛:sheng 车:che 尹:yin 曲:qu 干:gan 万:wan 观:guan 占:zhan 贲:ben 羿:yi "
        "莘:shen 邸:di 瞿:qu 禚:zhuo 阙:que 撒:sa 藏:zang 臧:zang 冷:leng 钻:zuan 褚:chu 晁:chao "
        "长:chang 重:chong 行:xing 朝:chao 会:gui 适:shi 隽:juan 桂:gui 炅:gui 郄:qie 妫:gui 厉:li "
        "尧:yao 缑:gou 粘:nian 靓:jing 呙:guo 费:fei 曷:he 亓:qi 郜:gao 占:zhan 夹:jia 红:hong 弗:fu"
    ).split()
)

# Surnames of two characters; those with a reading of their own carry it.
COMPOUND_SURNAMES: dict[str, tuple[str, str]] = {
    item[:2]: (item[3:].split("-")[0], item[3:].split("-")[1])
    for item in (
        "欧阳:ou-yang 太史:tai-shi 端木:duan-mu 上官:shang-guan 司马:si-ma 东方:dong-fang 独孤:du-gu "
        "南宫:nan-gong 万俟:mo-qi 闻人:wen-ren 夏侯:xia-hou 诸葛:zhu-ge 尉迟:yu-chi 公羊:gong-yang "
        "赫连:he-lian 澹台:tan-tai 皇甫:huang-fu 宗政:zong-zheng 濮阳:pu-yang 公冶:gong-ye "
        "太叔:tai-shu 申屠:shen-tu 公孙:gong-sun 慕容:mu-rong 仲孙:zhong-sun 钟离:zhong-li "
        "长孙:zhang-sun 宇文:yu-wen 司徒:si-tu 鲜于:xian-yu 司空:si-kong 闾丘:lv-qiu 子车:zi-ju "
        "亓官:qi-guan 司寇:si-kou 巫马:wu-ma 公西:gong-xi 颛孙:zhuan-sun 壤驷:rang-si 公良:gong-liang "
        "漆雕:qi-diao 乐正:yue-zheng 宰父:zai-fu 谷梁:gu-liang 拓跋:tuo-ba 夹谷:jia-gu 轩辕:xuan-yuan "
        "令狐:ling-hu 段干:duan-gan 百里:bai-li 呼延:hu-yan 东郭:dong-guo 南门:nan-men 羊舌:yang-she "
        "微生:wei-sheng 梁丘:liang-qiu 左丘:zuo-qiu 西门:xi-men 第五:di-wu 南荣:nan-rong 东里:dong-li "
        "即墨:ji-mo 达奚:da-xi 褚师:chu-shi 纳兰:na-lan 叶赫:ye-he 完颜:wan-yan 耶律:ye-lv "
        "哥舒:ge-shu 贺兰:he-lan 爱新:ai-xin 仉督:zhang-du 归海:gui-hai 海岳:hai-yue 墨哈:mo-ha "
        "伯赏:bo-shang 佘佴:she-nai 缑亢:gou-kang 况后:kuang-hou 有琴:you-qin 笪谭:da-tan"
    ).split()
}

# Characters of given names whose usual reading in a name is not the dictionary's first.
GIVEN_NAMES: dict[str, str] = dict(
    pair.split(":")
    for pair in (
        "朝:chao 盛:sheng 传:chuan 行:xing 重:chong 长:chang 乐:le 曾:zeng 单:dan 解:jie 茜:qian 晟:sheng "
        "娜:na 莎:sha 都:du 华:hua 会:hui 任:ren 少:shao 正:zheng 相:xiang 为:wei 卓:zhuo 炅:jiong "
        "员:yuan 给:ji 好:hao 翟:zhai 石:shi 与:yu 厦:sha 仇:chou 奇:qi 柏:bai 葛:ge 倩:qian 嫄:yuan "
        "沈:shen 婼:ruo 覃:tan 盖:gai 区:qu 曲:qu 阿:a 卜:bu 大:da 小:xiao 和:he 识:shi 济:ji 殷:yin 宁:ning"
    ).split()
)

# Traditional forms met in names and employers, each beside its simplified form.
_TRADITIONAL = (
    "張张劉刘陳陈楊杨黃黄趙赵吳吴孫孙馬马鄭郑謝谢許许韓韩馮冯鄧邓蕭萧葉叶蘇苏呂吕盧卢蔣蒋賈贾鍾钟鐘钟"
    "譚谭陸陆範范廖廖韋韦鄒邹閆闫閻阎錢钱嚴严賀贺顧顾龔龚萬万單单區区樸朴蓋盖樂乐車车寧宁繆缪員员關关"
    "喬乔賴赖龐庞魯鲁齊齐畢毕湯汤駱骆溫温莊庄倪倪紀纪項项聶聂褚褚時时傅傅康康歐欧陽阳諸诸葛葛遲迟羅罗"
    "華华麗丽國国偉伟軍军強强強强傑杰濤涛剛刚娟娟潔洁飛飞霞霞蘭兰鳳凤鵬鹏輝辉煇辉勝胜貴贵紅红綠绿藍蓝"
    "東东鳴鸣榮荣義义銀银鐵铁鋼钢錦锦鑫鑫龍龙雲云風风電电學学慶庆賢贤賓宾維维綱纲紹绍續续緒绪繼继績绩"
    "綺绮綾绫緣缘緯纬練练縱纵總总織织繪绘繡绣纖纤維维經经結结統统絲丝絢绚絹绢網网約约純纯級级紋纹納纳"
    "瑋玮瑩莹瑤瑶瓊琼璣玑環环瑪玛現现珮佩璿璇瑯琅瓏珑瑣琐寶宝實实寬宽審审寫写導导將将專专尋寻對对"
    "愛爱慧慧憲宪懷怀應应懿懿憶忆戀恋憐怜慮虑恆恒悅悦惲恽愷恺慶庆愨悫業业極极構构樓楼標标權权橋桥檢检"
    "機机橫横檔档權权歡欢歸归歲岁歷历殷殷氣气決决沖冲況况淵渊淨净淺浅渾浑湧涌溝沟滿满漢汉漸渐潤润澤泽"
    "濟济濱滨瀾澜灣湾燁烨燦灿營营爍烁爾尔爭争狀状獨独獲获獻献獎奖產产畫画異异當当疊叠發发皚皑盡尽監监"
    "盤盘眾众睿睿礎础確确禮礼祿禄禎祯禪禅種种稱称穎颖積积穩稳窮穷競竞筆笔節节範范築筑簡简籌筹糧粮紅红"
    "聖圣聞闻聯联聰聪聲声職职肅肃腦脑臨临臺台與与興兴舉举舊旧藝艺藥药蓮莲蓉蓉蔭荫蕓芸蕾蕾薈荟薔蔷薩萨"
    "處处號号術术衛卫衝冲補补裝装製制複复規规視视親亲覺觉覽览觀观計计訊讯訓训記记設设許许評评詞词詠咏"
    "詩诗話话詳详誠诚誌志認认語语說说誼谊調调談谈請请諒谅論论諾诺謀谋謙谦講讲謹谨證证識识譜谱議议護护"
    "讀读變变讓让豐丰貝贝貞贞負负財财貢贡責责貿贸費费資资賀贺賦赋質质購购贊赞贏赢車车軒轩軟软載载輕轻"
    "輔辅輪轮轉转轟轰辦办農农運运過过達达遠远適适選选遙遥鄉乡醫医釋释鈞钧鈴铃鉅巨銘铭銳锐鋒锋錄录錫锡"
    "鎮镇鏡镜鏈链鑒鉴鑑鉴長长門门開开閔闵間间閣阁閱阅闊阔關关陝陕陰阴際际隨随險险隊队階阶離离難难雙双"
    "雋隽雞鸡霧雾靈灵靜静響响順顺頌颂預预領领頤颐頻频題题額额顏颜願愿類类顯显養养館馆馭驭駿骏騰腾驊骅"
    "驍骁驗验體体髮发鬱郁魚鱼鮑鲍鮮鲜鳥鸟鴻鸿鵑鹃鶴鹤鷹鹰鸞鸾麥麦黨党點点齡龄個个來来倫伦側侧側侧備备"
    "傳传傷伤億亿儀仪優优儲储兒儿兩两冊册凱凯則则創创劍剑劑剂動动務务勞劳勛勋勳勋勵励勁劲協协卻却參参"
    "吳吴呂吕啟启啓启嘯啸喚唤嘉嘉囑嘱園园圍围圖图團团執执場场塊块壇坛報报壯壮壽寿夢梦奮奋奧奥婦妇嬌娇"
    "嫻娴孿孪寢寝層层屬属岡冈峽峡島岛崗岗嶺岭嶽岳巖岩帥帅師师帶带幣币幫帮幹干庫库廣广廠厂廳厅張张彌弥"
    "彙汇彥彦後后從从復复徵征徹彻慣惯戰战戲戏戶户擇择擔担據据擬拟擴扩攝摄敘叙數数斷断於于昇升曉晓暉晖"
    "暢畅曆历書书會会條条棟栋棧栈楓枫榮荣榕榕槍枪沈沈沒没滬沪潛潜熱热燈灯爐炉爲为為为犧牺獅狮瑞瑞"
    "痴痴療疗癌癌盜盗碩硕碼码礦矿祕秘祐佑穀谷竇窦竈灶粵粤紡纺細细組组終终給给絕绝絡络緊紧線线緩缓編编"
    "縣县縮缩羈羁習习脈脉脫脱腸肠膠胶臟脏艦舰艷艳芻刍茲兹荊荆萊莱蔥葱薦荐蘆芦虛虚蝦虾蟲虫蠶蚕袞衮裡里"
    "裏里觸触訂订訪访詢询試试該该課课諮咨謨谟謠谣譯译豬猪貓猫貨货販贩貫贯買买賣卖賞赏趙赵跡迹踐践軌轨"
    "軸轴較较輻辐輸输轄辖辭辞迴回週周進进遊游違违遞递遲迟遺遗還还邁迈邊边邏逻郵邮鄰邻醬酱針针釣钓鈺钰"
    "鉀钾銅铜鋁铝錯错鍋锅鍵键鎖锁鎧铠鐳镭鑄铸鑰钥閃闪閉闭問问閏闰閒闲閩闽隱隐隸隶雖虽雜杂韻韵頂顶須须"
    "頓顿頭头顆颗飄飘飯饭飲饮飾饰餘余駐驻駕驾騎骑驅驱驚惊驛驿鬆松鬥斗鯤鲲鯨鲸鹽盐麼么黴霉鼎鼎齋斋龜龟"
)
SIMPLIFIED: dict[int, str] = {
    ord(_TRADITIONAL[i]): _TRADITIONAL[i + 1]
    for i in range(0, len(_TRADITIONAL), 2)
    if _TRADITIONAL[i] != _TRADITIONAL[i + 1]
}
